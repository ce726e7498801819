/**
 * What a function answered, as an HTTP answer: from the bytes of its payload, in either of the two shapes.
 *
 * A streaming function sends a prelude (JSON), eight zero bytes, then the body. A buffered one sends one JSON object with status,
 * headers and body, or any other JSON value, which then is the body (as at a Function URL). JSON has no zero bytes in it, so the
 * bytes tell which it is.
 */
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { HEADER } from '../../protocol/headers.ts';
import { parsedJson } from '../../protocol/json.ts';
import { isObject } from '../../protocol/messages.ts';
import type { Answer } from '../../upstream/carrier.ts';

const DELIMITER = Buffer.alloc(8);

/** Reads as much as it takes to know the head. */
export async function httpAnswerOf(payload: AsyncGenerator<Uint8Array, void, undefined>): Promise<Answer> {
  let read = Buffer.alloc(0);
  for (let next = await payload.next(); !next.done; next = await payload.next()) {
    const seen = Math.max(0, read.length - DELIMITER.length);
    read = Buffer.concat([read, next.value]);
    const at = read.indexOf(DELIMITER, seen);
    if (at >= 0) {
      const rest = read.subarray(at + DELIMITER.length);
      return { ...headOf(parsed(read.subarray(0, at).toString())), body: decoded(rest, payload) };
    }
    if (read.length > LIMITS.upstreamBodyBytesMax) throw invalid('its answer has no end');
  }
  return whole(read);
}

/** The answer of a payload that is whole. */
export function whole(payload: Uint8Array): Answer {
  const text = Buffer.from(payload).toString();
  const answer = parsed(text);
  if (!isObject(answer) || !('statusCode' in answer)) {
    return { status: 200, contentType: 'application/json', body: of(text) };
  }
  const { body = '', isBase64Encoded } = answer;
  const encoding = isBase64Encoded === true ? 'base64' : 'utf8';
  return { ...headOf(answer), body: of(Buffer.from(String(body), encoding).toString()) };
}

function parsed(text: string): unknown {
  const value = parsedJson(text);
  if (value === undefined) throw invalid('its answer is no JSON');
  return value;
}

const invalid = (what: string): Fault => new Fault('upstream_invalid', `The upstream broke the protocol: ${what}.`);

function headOf(head: unknown): Pick<Answer, 'status' | 'contentType' | 'sessionId'> {
  const status = isObject(head) ? Number(head.statusCode ?? 200) : Number.NaN;
  if (!isObject(head) || !Number.isInteger(status)) throw invalid('its answer has no HTTP status');
  const header = (name: string) => headerIn(head.headers, name) ?? headerIn(head.multiValueHeaders, name);
  return { status, contentType: header('content-type') ?? '', sessionId: header(HEADER.sessionId) };
}

function headerIn(headers: unknown, wanted: string): string | undefined {
  if (!isObject(headers)) return undefined;
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted) ?? [];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}

async function* of(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}

async function* decoded(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  if (first.length > 0) yield decoder.decode(first, { stream: true });
  for await (const chunk of rest) yield decoder.decode(chunk, { stream: true });
}
