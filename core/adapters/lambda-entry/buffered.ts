/**
 * An app as a buffered Lambda handler, for what cannot stream: HTTP APIs, load balancers, URLs in invoke mode `BUFFERED`.
 *
 * The whole body is read first, so an event stream reaches the client when it has ended; with a proxy that holds connections
 * only briefly that is soon enough. Lambda refuses a response above 6 MB.
 */
import { faultOf } from '../../base/errors.ts';
import type { Shape } from './event.ts';
import { headOf } from './head.ts';
import type { EntryOptions } from './invocation.ts';
import { ask, Deadline, finish, reportFault } from './invocation.ts';
import type { BufferedHandler, Prelude } from './runtime.ts';

export function bufferedEntry(options: EntryOptions): BufferedHandler {
  return async (event, context) => {
    const deadline = new Deadline(context);
    const { response, shape, until } = await ask(options, event, context, deadline);
    const body = await bodyOf(options, response, until);
    await finish(options, deadline);
    return { ...headAs(shape, headOf(response)), ...body };
  };
}

/** The body as far as it came. */
async function bodyOf({ observer }: EntryOptions, response: Response, until: AbortSignal) {
  const chunks: Uint8Array[] = [];
  const reader = response.body?.getReader();
  const cut = () => void reader?.cancel().catch(() => undefined);
  until.addEventListener('abort', cut, { once: true });
  if (until.aborted) cut();
  try {
    for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
      chunks.push(next.value);
    }
  } catch (thrown) {
    reportFault(observer, 'invocation.body_failed', faultOf(thrown));
  } finally {
    until.removeEventListener('abort', cut);
  }
  const isBase64Encoded = !isText(response);
  return { body: Buffer.concat(chunks).toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded };
}

const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|javascript))/i;

const isText = ({ headers }: Response): boolean =>
  !headers.has('content-encoding') && TEXT.test(headers.get('content-type') ?? 'text/plain');

function headAs(shape: Shape, { statusCode, headers, cookies = [] }: Prelude): Record<string, unknown> {
  const [cookie] = cookies;
  switch (shape) {
    case 'cookies':
      return { statusCode, headers, cookies };
    case 'headers':
      return { statusCode, headers: cookie === undefined ? headers : { ...headers, 'set-cookie': cookie } };
    case 'multiValueHeaders': {
      const multiValueHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
      return { statusCode, multiValueHeaders: { ...multiValueHeaders, ...(cookie && { 'set-cookie': cookies }) } };
    }
  }
}
