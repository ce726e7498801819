/**
 * Base64 (RFC 4648 §4) of the UTF-8 of a text, both ways, written out because pure code has neither `Buffer` nor `btoa`.
 *
 * Decoding is strict: what is not canonical base64, or not UTF-8, is `undefined`, so that two spellings never mean the same
 * header value.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CANONICAL = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

export function encodeBase64(text: string): string {
  const bytes = utf8Of(text);
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const characters = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < 4; k++) out += k < characters ? ALPHABET[(word >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

export function decodeBase64(encoded: string): string | undefined {
  if (!CANONICAL.test(encoded)) return undefined;
  let escaped = '';
  for (let i = 0; i < encoded.length; i += 4) {
    const group = encoded.slice(i, i + 4).replace(/=+$/, '');
    let word = 0;
    for (let k = 0; k < 4; k++) word = (word << 6) | Math.max(0, ALPHABET.indexOf(group[k] ?? 'A'));
    for (let k = 0; k < group.length - 1; k++) {
      escaped += `%${((word >> (16 - 8 * k)) & 255).toString(16).padStart(2, '0')}`;
    }
  }
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

function utf8Of(text: string): readonly number[] {
  const parts = encodeURIComponent(text.toWellFormed()).match(/%[0-9A-F]{2}|[^%]/g) ?? [];
  return parts.map(part => (part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0)));
}
