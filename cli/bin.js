#!/usr/bin/env node
// The sources are TypeScript and are run as they are: what is read is what runs (docs/decisions/0002).
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
