/**
 * Opens the desk for one round of a call: with the facts of its journal, and those that an earlier attempt at the round may
 * have left. Only a round that may have been attempted before looks, so a call's first round reads nothing.
 */
import { LIMITS } from '../base/limits.ts';
import type { Journal } from '../journal/journal.ts';
import { digest } from '../protocol/json.ts';
import { Desk } from './desk.ts';
import { Ledger } from './ledger.ts';
import type { Served } from './round.ts';
import { sessionStateOf } from './session-state.ts';

/** What the call is known by: fresh, unless its caller may make the very call again. */
export function callNameOf({ call: { attempt, principal }, binding, workshop }: Served): string {
  if (attempt === undefined) return workshop.options.environment.newId();
  return digest(JSON.stringify([principal.id, attempt.call, binding.callText]));
}

export async function openDesk(round: Served, journal: Journal): Promise<Desk> {
  const { environment, state: store } = round.workshop.options;
  const expiresAtMs = environment.now() + LIMITS.requestStateMsMax;
  const ledger = new Ledger({ facts: journal.facts ?? [], store, call: journal.call, expiresAtMs });
  const isAgain = round.request.params.requestState !== undefined || round.call.attempt?.again === true;
  if (isAgain) await ledger.load();
  return new Desk({ call: journal.call, ledger, state: sessionStateOf(store, round.call), environment });
}
