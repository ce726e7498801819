/**
 * The headers that go to an upstream with every request: the proxy's own credentials, from `--upstream-header` or
 * `FERMATA_UPSTREAM_HEADERS` (one a line).
 *
 * They are secrets, so no refusal repeats a value, nor a line that might be one.
 */
import { HEADER } from '../core/protocol/headers.ts';
import { Misuse } from './misuse.ts';

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e]+$/;
/** Made anew for each request, or of one connection only. */
const OURS = new Set<string>([
  ...['accept', 'content-type', 'content-length', 'transfer-encoding', 'connection', 'host'],
  ...Object.values(HEADER),
]);

export function upstreamHeaders(lines: readonly string[], from: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [index, line] of lines.entries()) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const which = lines.length === 1 ? from : `Line ${index + 1} of ${from}`;
    if (!NAME.test(name) || !VALUE.test(value)) {
      const example = from.startsWith('--') ? `${from} "X-Api-Key: <secret>"` : `${from}="X-Api-Key: <secret>"`;
      throw new Misuse(`${which} is no header (a name, a colon, a value). For example: ${example}`);
    }
    if (OURS.has(name) || name.startsWith('mcp-'))
      throw new Misuse(`${which} sets ${name}, which is not free to be set.`);
    if (name in headers) throw new Misuse(`${which} sets ${name} a second time. Give each header once.`);
    headers[name] = value;
  }
  return headers;
}
