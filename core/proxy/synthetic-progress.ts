/**
 * Progress for a client that waits: clients that reset their time-out on progress then live on while a person thinks.
 *
 * The value is a function of time alone, so that it rises over any number of connections and processes, and it rises so
 * slowly that the program's own progress stays visible: a billionth a millisecond. It is sent without an event id, since it
 * is no part of the stream.
 */
import { metaOf } from '../protocol/envelope.ts';
import type { RpcNotification } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';

const PER_MS = 1e-9;

/** The highest value that can have been sent by a moment; `undefined` if the client asked for no progress. */
export function syntheticProgress(exchange: Exchange, nowMs: number): number | undefined {
  if (metaOf(exchange.request).progressToken === undefined || exchange.askedAtMs === undefined)
    return exchange.progress;
  return (exchange.progress ?? 0) + Math.max(0, nowMs - exchange.askedAtMs) * PER_MS;
}

/** The notification for a moment; `undefined` where there is nobody to tell or nothing to wait for. */
export function waitingNotice(exchange: Exchange, nowMs: number): RpcNotification | undefined {
  const progressToken = metaOf(exchange.request).progressToken;
  const progress = syntheticProgress(exchange, nowMs);
  if (exchange.phase !== 'waiting' || progressToken === undefined || progress === undefined) return undefined;
  return {
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: progressToken as string | number, progress, message: 'Waiting for an answer' },
  };
}
