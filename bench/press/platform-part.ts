import { once } from 'node:events';
import { startCcpSimulator } from '../../simulator/ccp/simulator.ts';

const [{ maxClusters }] = await once(process, 'message');
// Quick builds: what is measured is a press, not the looks at five hundred builds under way.
const platform = await startCcpSimulator({ speed: 500, maxClusters, addressPool: '127.16.0.0/12' });
const { url, user, password, caPem } = platform;
process.send?.({ url, user, password, caPem });
