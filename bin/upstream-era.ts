/** Which era an upstream is said to be of; `undefined` means that it is asked. Read alike on one machine and on Lambda. */
import type { Era } from '../core/upstream/era.ts';
import type { Given } from './given.ts';
import { choice } from './given.ts';

const ERAS = ['auto', 'modern', 'legacy'] as const;

export function upstreamEra(given: Given | undefined): Era | undefined {
  const era = choice(given, ERAS, 'auto');
  return era === 'auto' ? undefined : era;
}
