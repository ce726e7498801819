/**
 * What the engines tell whoever watches: structured events, never texts for peers. An observer must not throw and must not
 * block; nothing in the product depends on what it does.
 */
import type { FaultCode } from '../base/errors.ts';

export interface Observation {
  /** `noun.verb`, such as `exchange.settled`. */
  readonly event: string;
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  readonly session?: string;
  readonly exchange?: string;
  readonly principal?: string;
  readonly method?: string;
  readonly code?: FaultCode;
  readonly durationMs?: number;
  readonly message?: string;
  /** The long text of a fault: a stack, a child's stderr. */
  readonly detail?: string;
  readonly [field: string]: string | number | boolean | undefined;
}

export type Observer = (observation: Observation) => void;
