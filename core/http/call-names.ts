/**
 * Reads which session a call belongs to, and which attempt it is, from the headers that a proxy of ours sends to a runner
 * elsewhere. They are names, not rights: what is kept under them is kept for the authenticated principal as well, so a caller
 * who invents some finds only its own.
 */
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { HEADER } from '../protocol/headers.ts';

const NAME = /^[\w-]{22}$/;
const CALL = /^[\x21-\x7e]+$/;

export function callNamesOf(
  { headers }: Request,
  nowMs: number,
): Pick<CallContext, 'session' | 'attempt' | 'turnedAway'> {
  const name = headers.get(HEADER.callSession) ?? '';
  const endsAtMs = Number(headers.get(HEADER.callSessionEnds) ?? Number.NaN);
  const [call = '', again] = (headers.get(HEADER.callAttempt) ?? '').split(';');
  if (!NAME.test(name) || !Number.isSafeInteger(endsAtMs)) return {};
  const idleMs = idleIn(headers);
  const ends = { endsAtMs: Math.min(endsAtMs, nowMs + LIMITS.lifetimeMsMax) };
  const session = { id: name, name, ...ends, ...(idleMs === undefined ? {} : { idleMs }) };
  const turnedAway = Number(headers.get(HEADER.callTurnedAway) ?? 0);
  const turns = Number.isInteger(turnedAway) && turnedAway > 0 ? { turnedAway } : {};
  if (!CALL.test(call) || call.length > 2 * LIMITS.idCharactersMax) return { session, ...turns };
  return { session, ...turns, attempt: { call, again: again === 'again' } };
}

function idleIn(headers: Headers): number | undefined {
  const idleMs = Number(headers.get(HEADER.callSessionIdle) ?? Number.NaN);
  return idleMs >= LIMITS.idleTimeoutMsMin && idleMs <= LIMITS.idleTimeoutMsMax ? idleMs : undefined;
}
