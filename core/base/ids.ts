/**
 * Ids that carry their address (architecture: "Ids carry their address").
 *
 * An exchange is named by the JSON-RPC id of the client's request, which is unique in its session; its stream has the same
 * name; an event id is `stream.sequence`; the wire id of a question to a legacy client is `exchange/round/key`, with `@session` behind
 * the exchange where it is another session's. So cancelling, answering and resuming need no index and no scan. Nothing here knows sessions, stores or protocol revisions.
 */
import { LIMITS } from './limits.ts';

/** Names an exchange within its session: `n7`, `s4pqX…`, and `n7~2` when a client used the id of a settled one again. */
export type ExchangeId = string;

const ENCODED = /^[ns][A-Za-z0-9_-]*(~[0-9]{1,6})?$/;

/** The exchange that a JSON-RPC request id names. Strings are written as base64url of UTF-8, so that ids never hold `.`, `/` or `~`. */
export function exchangeIdOf(requestId: string | number, generation = 1): ExchangeId {
  const base = typeof requestId === 'number' ? `n${requestId}` : `s${base64url(requestId)}`;
  return generation === 1 ? base : `${base}~${generation}`;
}

export const isExchangeId = (value: string): value is ExchangeId =>
  value.length <= LIMITS.idCharactersMax * 4 && ENCODED.test(value);

export interface EventPosition {
  readonly stream: ExchangeId;
  readonly sequence: number;
}

export const eventIdOf = (stream: ExchangeId, sequence: number): string => `${stream}.${sequence}`;

/** The position a `Last-Event-ID` names; `undefined` if it is none of ours. */
export function parseEventId(eventId: string): EventPosition | undefined {
  const dot = eventId.lastIndexOf('.');
  const stream = eventId.slice(0, dot);
  const digits = eventId.slice(dot + 1);
  if (dot < 1 || !isExchangeId(stream) || !/^[0-9]{1,12}$/.test(digits)) return undefined;
  return { stream, sequence: Number(digits) };
}

export interface QuestionAddress {
  readonly exchange: ExchangeId;
  readonly round: number;
  readonly key: string;
  /** Where it is not the session of whoever is asked. */
  readonly session?: string;
}

export const questionIdOf = ({ exchange, round, key, session }: QuestionAddress): string =>
  `${exchange}${session === undefined ? '' : `@${session}`}/${round}/${key}`;

/** The question a client's response answers; `undefined` if its id is none of ours. */
export function parseQuestionId(id: unknown): QuestionAddress | undefined {
  if (typeof id !== 'string') return undefined;
  const [, exchange, session, round, key] = /^([^/@]+)(?:@([^/]+))?\/([0-9]{1,6})\/(.+)$/s.exec(id) ?? [];
  if (exchange === undefined || key === undefined || !isExchangeId(exchange)) return undefined;
  return { exchange, round: Number(round), key, ...(session === undefined ? {} : { session }) };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** base64url of the UTF-8 of a text, written out because pure code has neither `Buffer` nor `btoa`. */
function base64url(text: string): string {
  const bytes = [...unescapedUtf8(text)];
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const characters = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < characters; k++) out += ALPHABET[(word >> (18 - 6 * k)) & 63];
  }
  return out;
}

function* unescapedUtf8(text: string): Generator<number> {
  for (const part of encodeURIComponent(text.toWellFormed()).match(/%[0-9A-F]{2}|[^%]/g) ?? []) {
    yield part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0);
  }
}
