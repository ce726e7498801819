/**
 * Asks an upstream who it is before anything is built on it, so that a wrong URL is found at the start and not by the first
 * client. Its faults are for the operator, and so name the URL.
 */
import { Fault, faultOf } from '../../base/errors.ts';
import { LATEST_MODERN_REVISION } from '../../protocol/revisions.ts';
import type { Era } from '../../upstream/era.ts';
import { askEra } from '../../upstream/era.ts';
import { httpCarrier } from './carrier.ts';
import type { UpstreamOptions } from './post.ts';
import { upstreamOf } from './post.ts';

export interface Probed {
  readonly era: Era;
  /** What the server said of itself: the result of `server/discover`, or what it said in the handshake. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** Of which era the upstream is, and what it says of itself. Throws `upstream_unreachable`, or `upstream_invalid` for what is no MCP server. */
export async function probe(options: UpstreamOptions): Promise<Probed> {
  const { url } = options;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Fault(
      'setting_invalid',
      `${url} is no http or https URL. Give the whole URL of the endpoint, such as http://127.0.0.1:3000/mcp.`,
    );
  }
  const call = { principal: { id: 'operator' }, signal: new AbortController().signal };
  try {
    const { era, said } = await askEra(httpCarrier(upstreamOf(options)), call);
    return { era, result: said };
  } catch (thrown) {
    throw told(faultOf(thrown), url);
  }
}

function told(fault: Fault, url: string): Fault {
  const status = fault.data?.status;
  const options = { cause: fault, ...(fault.detail === undefined ? {} : { detail: fault.detail }) };
  if (status === 401 || status === 403) {
    const message = `${url} asks for credentials (HTTP ${status}). Give them with --upstream-header or FERMATA_UPSTREAM_HEADERS.`;
    return new Fault('upstream_unreachable', message, options);
  }
  if (status === 400 || status === 404 || status === 405 || status === 406 || fault.code === 'upstream_invalid') {
    return anotherKind(url, fault);
  }
  const why = typeof status === 'number' ? `HTTP ${status}` : (fault.detail ?? fault.message);
  return new Fault(
    fault.code,
    `No MCP server answers at ${url}: ${why}. Is it running, and is the URL whole?`,
    options,
  );
}

const anotherKind = (url: string, cause: Fault): Fault =>
  new Fault(
    'upstream_invalid',
    `${url} speaks neither MCP ${LATEST_MODERN_REVISION} nor an earlier revision (${cause.message}) Is it the whole URL of its endpoint?`,
    { cause },
  );
