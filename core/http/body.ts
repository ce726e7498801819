/**
 * Reading a POST body: bounded in bytes while it arrives and in depth before it is parsed, and parsed once.
 *
 * A body that says its length is read in one go, since HTTP holds it to what it said; one that does not is counted.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';

/** The parsed body. Throws `body_too_large`, `parse_error` or `invalid_request`. */
export async function readJson(request: Request, bytesMax: number = LIMITS.bodyBytesMax): Promise<unknown> {
  const text = await readText(request, bytesMax);
  if (depthOf(text) > LIMITS.bodyDepthMax) {
    throw new Fault('invalid_request', `The body nests more than ${LIMITS.bodyDepthMax} levels deep.`);
  }
  try {
    const body: unknown = JSON.parse(text);
    return body;
  } catch {
    throw new Fault('parse_error', 'Parse error: the body is not JSON.');
  }
}

/** The body as text. Throws `body_too_large` or `parse_error`. */
export async function readText(request: Request, bytesMax: number = LIMITS.bodyBytesMax): Promise<string> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > bytesMax) throw tooLarge(bytesMax);
  try {
    if (declared !== null) return await request.text();
    return request.body === null ? '' : await countedText(request.body, bytesMax);
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw new Fault('parse_error', 'Parse error: the body could not be read to its end.', { cause: thrown });
  }
}

async function countedText(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

const tooLarge = (bytesMax: number): Fault =>
  new Fault('body_too_large', `The body is larger than ${bytesMax} bytes. Send less in one request.`);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** How deep brackets nest outside of strings; counted before parsing, so that nothing deep is ever built. */
function depthOf(text: string): number {
  if (text.length <= LIMITS.bodyDepthMax * 2) return 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return deepest;
}

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i !== -1; i = text.indexOf('"', i + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(i - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return i;
  }
  return text.length;
}
