/** The platform's own networks, as the settings of each kind of platform may name them. */
import { z } from 'zod';
import { isPool, networkHint } from '../common/cidr.ts';

export const networksSchema = z
  .array(z.string().refine(isPool, networkHint))
  .max(100)
  .describe(
    "Where the platform's own nodes and services are: no cluster's range may meet one of them. Default: none.",
  );
