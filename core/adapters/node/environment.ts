/** Time and randomness as Node gives them: the one place from which both reach the engines. */
import { randomBytes } from 'node:crypto';
import type { Environment } from '../../ports/environment.ts';

/** 144 bits, where 128 are asked for. In hexadecimal, since people pass ids to commands (where `-…` is an option) and folders are named for them. */
const ID_BYTES = 18;

export const nodeEnvironment = (): Environment => ({
  now: () => Date.now(),
  newId: () => randomBytes(ID_BYTES).toString('hex'),
});
