/**
 * Keep-alive progress: where a call has a progress token and its upstream says nothing, the time that has gone by is reported
 * as progress, so that clients that reset their time-out at progress wait on.
 *
 * Progress must only increase (2026-07-28, "Progress"), and an upstream may begin to report late: what we say stays below the
 * smallest step it could take, and ends at its first own report that is above it.
 */
import type { StatelessServer } from '../ports/stateless-server.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';

export interface KeepAliveOptions {
  readonly upstream: StatelessServer;
  readonly everyMs: number;
}

type Item = RpcNotification | RpcResponse;

/** A millionth for a second: a year is less than 32. */
const STEP = 1e-6;

export function keepAlive({ upstream, everyMs }: KeepAliveOptions): StatelessServer {
  return (request, call) => {
    const token = request.params._meta.progressToken;
    return request.method !== 'tools/call' || token === undefined
      ? upstream(request, call)
      : kept(upstream(request, call), token, everyMs);
  };
}

async function* kept(
  messages: AsyncIterable<Item>,
  progressToken: string | number,
  everyMs: number,
): AsyncGenerator<Item, void, undefined> {
  const reading = messages[Symbol.asyncIterator]();
  let silent = true;
  let times = 0;
  /** -1: nothing yet, and an upstream may begin at 0. */
  let told = -1;
  let next = reading.next();
  try {
    for (;;) {
      const result = silent ? await within(next, everyMs) : await next;
      if (result === undefined) {
        times += 1;
        told = (times * everyMs * STEP) / 1_000;
        yield elapsed(progressToken, told, times * everyMs);
        continue;
      }
      if (result.done === true) return;
      const message = result.value;
      next = reading.next();
      if ('method' in message && message.method === 'notifications/progress') {
        if (silent && Number(message.params?.progress) <= told) continue;
        silent = false;
      }
      yield message;
    }
  } finally {
    next.catch(() => {});
    await reading.return?.();
  }
}

/** What comes within a time, or `undefined`; no timer is left behind. */
function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([promise, patience]).finally(() => clearTimeout(timer));
}

const elapsed = (progressToken: string | number, progress: number, elapsedMs: number): RpcNotification => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken, progress, message: `Working for ${Math.round(elapsedMs / 1_000)} s` },
});
