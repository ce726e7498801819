/**
 * Requests carried by HTTP: one connection for each at a time, kept for the next one.
 *
 * It knows bytes and connections; what the bytes mean is read in `core/upstream`.
 */
import type { IncomingMessage } from 'node:http';
import { LIMITS } from '../../base/limits.ts';
import { HEADER } from '../../protocol/headers.ts';
import type { Carrier } from '../../upstream/carrier.ts';
import type { Upstream } from './post.ts';
import { bodyFault, post } from './post.ts';

export const httpCarrier =
  (upstream: Upstream): Carrier =>
  async ({ method = 'POST', headers, body }, signal) => {
    const response = await post(upstream, { method, headers, body }, signal);
    return {
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '',
      sessionId: sessionIdIn(response),
      body: chunksOf(response),
    };
  };

function sessionIdIn({ headers }: IncomingMessage): string | undefined {
  const value = headers[HEADER.sessionId];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The body as text, in the pieces it comes in. Leaving it early lets it end by itself for a while. */
async function* chunksOf(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  const body = response.setEncoding('utf8').iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const { done, value } = await body.next().catch(thrown => {
        throw bodyFault(thrown);
      });
      if (done) return;
      yield String(value);
    }
  } finally {
    await body.return?.();
    release(response);
  }
}

/** Reads what little may follow a response, so that its connection can be used again; cuts a body that goes on. */
function release(response: IncomingMessage): void {
  if (response.readableEnded || response.destroyed) return;
  const timer = setTimeout(() => response.destroy(), LIMITS.upstreamTailMs);
  response
    .on('error', () => undefined)
    .once('close', () => clearTimeout(timer))
    .resume();
}
