/**
 * The URL of a function: HTTP requests become events of payload version 2.0, and what the function answers becomes HTTP again.
 *
 * A client that leaves does not stop the function, as on AWS.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from '../../../core/protocol/messages.ts';
import type { LocalFunction } from './function.ts';
import type { FunctionError, Sink } from './invocation.ts';
import { hasRoom, Kept, PAYLOAD_BYTES_MAX, Refusal } from './invocation.ts';

const INTEGRATION = 'application/vnd.awslambda.http-integration-response';
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml|x-www-form-urlencoded))/;

export async function answerUrl(called: LocalFunction, request: IncomingMessage, response: ServerResponse) {
  const requestId = randomUUID();
  response.setHeader('x-amzn-requestid', requestId);
  try {
    const payload = Buffer.from(JSON.stringify(await eventOf(called, request, requestId)));
    if (called.options.url === 'BUFFERED') await whole(called, requestId, payload, response);
    else await called.invoke({ requestId, payload, tenantId: undefined, sink: new Streamed(response) });
  } catch (thrown) {
    if (response.headersSent) return void response.destroy();
    const status = thrown instanceof Refusal ? thrown.status : 502;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ Message: status === 429 ? 'Rate Exceeded.' : 'Internal Server Error' }));
  }
}

async function eventOf(called: LocalFunction, request: IncomingMessage, requestId: string) {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const { cookie, connection: _, ...headers } = request.headers;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (body.length > PAYLOAD_BYTES_MAX) throw new Refusal(413, 'RequestTooLargeException', 'too large');
  const isText = TEXT.test(headers['content-type'] ?? '');
  const domainName = 'local.lambda-url.us-east-1.on.aws';
  const { urlCallerArn: userArn } = called.options;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; ?/) }),
    headers: { ...joined(headers), host: domainName, 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' },
    requestContext: {
      accountId: userArn === undefined ? 'anonymous' : '123456789012',
      ...(userArn === undefined ? {} : { authorizer: { iam: { userArn } } }),
      apiId: 'local',
      domainName,
      http: { method: request.method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      requestId,
      stage: '$default',
      timeEpoch: Date.now(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

const joined = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );

async function whole(called: LocalFunction, requestId: string, payload: Buffer, response: ServerResponse) {
  const sink = new Kept();
  await called.invoke({ requestId, payload, tenantId: undefined, sink });
  if (sink.error !== undefined) throw new Error(sink.error.errorMessage);
  const answer: unknown = JSON.parse(sink.bytes.toString());
  if (!isObject(answer) || typeof answer.statusCode !== 'number') {
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(sink.bytes);
  }
  writeHead(response, answer);
  response.end(Buffer.from(String(answer.body ?? ''), answer.isBase64Encoded === true ? 'base64' : 'utf8'));
}

function writeHead(response: ServerResponse, { statusCode, headers, cookies }: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(isObject(headers) ? headers : {})) {
    response.setHeader(name, String(value));
  }
  if (Array.isArray(cookies) && cookies.length > 0) response.setHeader('set-cookie', cookies.map(String));
  response.writeHead(typeof statusCode === 'number' ? statusCode : 200);
}

/** A response that goes out as it is made, once its prelude is there. */
class Streamed implements Sink {
  readonly #response: ServerResponse;
  #prelude: Buffer | undefined = Buffer.alloc(0);

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  begin(contentType: string): void {
    if (contentType === INTEGRATION) return;
    this.#prelude = undefined;
    this.#response.writeHead(200, { 'content-type': contentType }).flushHeaders();
  }

  async write(chunk: Buffer): Promise<void> {
    const rest = this.#afterPrelude(chunk);
    if (rest.length === 0 || this.#response.destroyed || this.#response.write(rest)) return;
    await hasRoom(this.#response);
  }

  #afterPrelude(chunk: Buffer): Buffer {
    if (this.#prelude === undefined) return chunk;
    this.#prelude = Buffer.concat([this.#prelude, chunk]);
    const at = this.#prelude.indexOf(Buffer.alloc(8));
    if (at < 0) return Buffer.alloc(0);
    const rest = this.#prelude.subarray(at + 8);
    writeHead(this.#response, JSON.parse(this.#prelude.subarray(0, at).toString()));
    this.#response.flushHeaders();
    this.#prelude = undefined;
    return rest;
  }

  end(error?: FunctionError): void {
    if (error === undefined) return void this.#response.end();
    if (this.#response.headersSent) return void this.#response.destroy();
    this.#response.writeHead(502, { 'content-type': 'application/json' }).end('{"Message":"Internal Server Error"}');
  }
}
