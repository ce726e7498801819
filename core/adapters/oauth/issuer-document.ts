/**
 * A JSON document of an authorization server: fetched within bounds of time and size, from where it was asked and nowhere else.
 *
 * What goes wrong is `issuer_unavailable`. Addresses and reasons are for the log; clients are told only to try again.
 */
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { isSecureUrl } from './secure-url.ts';

export const issuerUnavailable = (detail: string, cause?: unknown): Fault =>
  new Fault(
    'issuer_unavailable',
    'Access tokens cannot be checked now: the keys of the authorization server cannot be had. Try again soon.',
    { detail, cause },
  );

/** The parsed document; `undefined` if the server answers, but not with this document. */
export async function issuerDocument(url: string): Promise<unknown> {
  if (!isSecureUrl(url)) throw issuerUnavailable(`${url} is no https URL, and keys are taken from nothing else.`);
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMITS.issuerAnswerMsMax),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return undefined;
    }
    const document: unknown = JSON.parse(await boundedText(response));
    return document;
  } catch (thrown) {
    throw issuerUnavailable(`${url}: ${reasonOf(thrown)}`, thrown);
  }
}

async function boundedText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.issuerDocumentBytesMax) throw new Error(`longer than ${LIMITS.issuerDocumentBytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** `fetch` says what happened in the cause of what it throws. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? `${thrown.message} (${thrown.cause.message})` : thrown.message;
}
