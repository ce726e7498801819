/** The head of a response as Lambda takes it: headers as plain texts, cookies apart from them, as they may come repeatedly. */
import type { Prelude } from './runtime.ts';

/** What concerns one connection only, and is the business of whoever holds the connection to the client. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

export function headOf(response: Response): Prelude {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (!HOP_BY_HOP.has(name) && name !== 'set-cookie') headers[name] = value;
  }
  const cookies = response.headers.getSetCookie();
  return { statusCode: response.status, headers, ...(cookies.length === 0 ? {} : { cookies }) };
}

export const isEventStream = (response: Response): boolean =>
  response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
