/**
 * Asks an upstream who it is before anything is built on it, so that a wrong URL is found at the start and not by the first
 * client. Its faults are for the operator, and so name the URL.
 */
import { Fault, faultOf } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { ModernRequest } from '../../protocol/envelope.ts';
import { META } from '../../protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../../protocol/messages.ts';
import { isObject } from '../../protocol/messages.ts';
import { isModernRevision, LATEST_MODERN_REVISION } from '../../protocol/revisions.ts';
import { roundTrip } from '../../upstream/upstream.ts';
import { httpCarrier } from './carrier.ts';
import type { UpstreamOptions } from './post.ts';
import { upstreamOf } from './post.ts';

export interface Probed {
  readonly supportedVersions: readonly string[];
  /** The whole result of `server/discover`. */
  readonly result: Readonly<Record<string, unknown>>;
}

const DISCOVER: ModernRequest = {
  jsonrpc: '2.0',
  id: 'fermata-probe',
  method: 'server/discover',
  params: {
    _meta: {
      [META.protocolVersion]: LATEST_MODERN_REVISION,
      [META.clientCapabilities]: {},
      [META.clientInfo]: { name: 'fermata', version: '0' },
    },
  },
};

/** What the upstream says of itself. Throws `upstream_unreachable`, or `upstream_invalid` for a server of another kind. */
export async function probe(options: UpstreamOptions): Promise<Probed> {
  const { url } = options;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Fault(
      'setting_invalid',
      `${url} is no http or https URL. Give the whole URL of the endpoint, such as http://127.0.0.1:3000/mcp.`,
    );
  }
  const answer = await discover(options);
  const result = answer !== undefined && 'result' in answer ? answer.result : undefined;
  const versions = isObject(result) && Array.isArray(result.supportedVersions) ? result.supportedVersions : [];
  if (result === undefined || !versions.some(isModernRevision)) throw anotherKind(url, answer);
  return { supportedVersions: versions.filter(version => typeof version === 'string'), result };
}

async function discover(options: UpstreamOptions): Promise<RpcNotification | RpcResponse | undefined> {
  const call = { principal: { id: 'operator' }, signal: new AbortController().signal };
  const carrier = httpCarrier(upstreamOf(options));
  let last: RpcNotification | RpcResponse | undefined;
  try {
    for await (const message of roundTrip(carrier, DISCOVER, {}, call, LIMITS.upstreamProbeMs)) last = message;
    return last;
  } catch (thrown) {
    throw told(faultOf(thrown), options.url);
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
    return anotherKind(url, undefined, fault);
  }
  const why = typeof status === 'number' ? `HTTP ${status}` : (fault.detail ?? fault.message);
  return new Fault(
    fault.code,
    `No MCP server answers at ${url}: ${why}. Is it running, and is the URL whole?`,
    options,
  );
}

function anotherKind(url: string, answer: RpcNotification | RpcResponse | undefined, cause?: Fault): Fault {
  const said = answer !== undefined && 'error' in answer ? answer.error.message : cause?.message;
  return new Fault(
    'upstream_invalid',
    `${url} does not speak MCP ${LATEST_MODERN_REVISION}${said === undefined ? '' : ` (${said})`}. ` +
      'Only stateless servers of that revision can stand behind --upstream so far; those of 2025 come later.',
    cause === undefined ? {} : { cause },
  );
}
