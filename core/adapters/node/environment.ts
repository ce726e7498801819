/** Time and randomness as Node gives them: the one place from which both reach the engines. */
import { randomBytes } from 'node:crypto';
import type { Environment } from '../../ports/environment.ts';

/** 144 bits: more than the 128 that are asked for, and a whole number of base64url characters. */
const ID_BYTES = 18;

export const nodeEnvironment = (): Environment => ({
  now: () => Date.now(),
  newId: () => randomBytes(ID_BYTES).toString('base64url'),
});
