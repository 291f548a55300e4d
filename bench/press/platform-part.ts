import { once } from 'node:events';
import { startCcpSimulator } from '../../simulator/ccp/simulator.ts';

const [{ maxClusters }] = await once(process, 'message');
// Slow builds: what is measured is over before the first look at one.
const platform = await startCcpSimulator({ speed: 1, maxClusters, addressPool: '127.16.0.0/12' });
const { url, user, password, caPem } = platform;
process.send?.({ url, user, password, caPem });
