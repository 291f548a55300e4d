/** What a Kubernetes API server does, on the simulator; behaviours.long.test.ts has the same on a real one. */
import { behaviours } from './fixtures/behaviours.ts';
import { simulatedServer } from './fixtures/servers.ts';

behaviours(simulatedServer);
