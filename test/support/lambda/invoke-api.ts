/**
 * The invoke API of Lambda, as the AWS SDK speaks it: `Invoke` (in all its types) and `InvokeWithResponseStream`.
 *
 * Source: AWS Lambda API reference, 2015-03-31 and 2021-11-15.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { frame } from './event-stream.ts';
import type { LocalFunction } from './function.ts';
import type { FunctionError, Invocation, Sink } from './invocation.ts';
import { hasRoom, Kept, PAYLOAD_BYTES_MAX, Refusal } from './invocation.ts';

const PATH =
  /^\/(?:2015-03-31|2021-11-15)\/functions\/([^/]+)\/(invocations|response-streaming-invocations)\/?(?:\?.*)?$/;
const NAME = /^(?:arn:aws:lambda:[^:]+:)?(?:\d{12}:)?(?:function:)?([^:]+)(?::[^:]+)?$/;
const EVENT_BYTES_MAX = 1024 * 1024;
const RETRY_PAUSES_MS = [1_000, 2_000];

export type Functions = ReadonlyMap<string, LocalFunction>;

/** Answers one request to the API. Asynchronous invocations are noted in `asynchronous` until they are over. */
export async function answerInvoke(
  functions: Functions,
  asynchronous: Set<Promise<void>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(functions, asynchronous, request, response);
  } catch (thrown) {
    refuse(response, thrown);
  }
}

async function answer(
  functions: Functions,
  asynchronous: Set<Promise<void>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const match = PATH.exec(request.url ?? '');
  if (match === null || request.method !== 'POST') throw new Refusal(404, 'UnknownOperationException', 'unknown');
  const name = NAME.exec(decodeURIComponent(match[1] ?? ''))?.[1] ?? '';
  const called = functions.get(name);
  if (called === undefined) throw new Refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const payload = await payloadOf(request, type === 'Event' ? EVENT_BYTES_MAX : PAYLOAD_BYTES_MAX);
  const tenant = request.headers['x-amz-tenant-id'];
  const asked = { requestId: randomUUID(), payload, tenantId: typeof tenant === 'string' ? tenant : undefined };
  const head = { 'x-amzn-requestid': asked.requestId, 'x-amz-executed-version': '$LATEST' };
  if (type === 'DryRun') return void response.writeHead(204, head).end();
  if (type === 'Event') {
    response.writeHead(202, head).end();
    const done = later(called, asked).finally(() => asynchronous.delete(done));
    asynchronous.add(done);
    return;
  }
  if (match[2] === 'invocations') return whole(called, asked, head, response);
  await called.invoke({ ...asked, sink: new Framed(response, head) });
}

type Asked = Omit<Invocation, 'sink'>;

async function payloadOf(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
  }
  if (bytes > bytesMax) throw new Refusal(413, 'RequestTooLargeException', `Request must be at most ${bytesMax} bytes`);
  const payload = bytes === 0 ? Buffer.from('{}') : Buffer.concat(chunks);
  try {
    JSON.parse(payload.toString());
  } catch {
    throw new Refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json');
  }
  return payload;
}

async function whole(
  called: LocalFunction,
  asked: Asked,
  head: Record<string, string>,
  response: ServerResponse,
): Promise<void> {
  const sink = new Kept();
  await called.invoke({ ...asked, sink });
  const failed = sink.error !== undefined;
  response.writeHead(200, {
    ...head,
    'content-type': 'application/json',
    ...(failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
  });
  response.end(failed ? JSON.stringify(sink.error) : sink.bytes);
}

/** An asynchronous invocation: made again when it fails, and kept as a dead letter when it fails for good. */
async function later(called: LocalFunction, asked: Asked): Promise<void> {
  let errorType = '';
  for (const pauseMs of [0, ...(called.options.retryPausesMs ?? RETRY_PAUSES_MS)]) {
    await pause(pauseMs, undefined, { ref: false });
    const sink = new Kept();
    try {
      await called.invoke({ ...asked, sink });
      if (sink.error === undefined) return;
      errorType = sink.error.errorType;
    } catch (thrown) {
      errorType = thrown instanceof Refusal ? thrown.type : String(thrown);
    }
  }
  called.deadLetters.push({ payload: asked.payload, errorType });
}

/** A streamed response as the SDK reads it. */
class Framed implements Sink {
  readonly #response: ServerResponse;
  readonly #head: Record<string, string>;

  constructor(response: ServerResponse, head: Record<string, string>) {
    this.#response = response;
    this.#head = head;
  }

  begin(): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, { ...this.#head, 'content-type': 'application/vnd.amazon.eventstream' });
    this.#response.flushHeaders();
  }

  async write(chunk: Buffer): Promise<void> {
    const room = this.#response.write(frame('PayloadChunk', 'application/octet-stream', chunk));
    if (!room && !this.#response.destroyed) await hasRoom(this.#response);
  }

  end(error?: FunctionError): void {
    this.begin();
    const told = error && { ErrorCode: error.errorType, ErrorDetails: JSON.stringify(error) };
    this.#response.end(frame('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(told ?? {}))));
  }
}

function refuse(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { status, type, reason } =
    thrown instanceof Refusal ? thrown : { status: 500, type: 'ServiceException', reason: undefined };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
  response.end(JSON.stringify({ Type: 'User', Message: message, message, Reason: reason }));
}
