/**
 * Which era a posted body belongs to, and whether a modern one is well-formed (2026-07-28, "Versioning" and "Streamable
 * HTTP": server validation).
 *
 * The body decides: a request that names a protocol version in `_meta` is modern, `initialize` is not, and a message
 * without that claim is legacy unless its `MCP-Protocol-Version` header says otherwise. A claim that is malformed is an
 * error, never a silent fall back. The order of the checks is what the official conformance suite probes: envelope, header
 * against envelope, supported revision, remaining headers, method.
 */
import { Fault } from '../base/errors.ts';
import type { ModernRequest } from './envelope.ts';
import { META, metaOf } from './envelope.ts';
import { decodeHeaderValue, mirroredName } from './headers.ts';
import type { RequestId, RpcNotification, RpcRequest } from './messages.ts';
import { isNotification, isObject, isRequest, isRequestId, isResponse } from './messages.ts';
import { isLogLevel, traitsOf } from './methods.ts';
import { isLegacyRevision, isModernRevision, MODERN_REVISIONS } from './revisions.ts';

/** The headers that take part in the decision; `undefined` for one that was not sent. */
export interface PostedHeaders {
  readonly protocolVersion: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
}

export type Posted =
  /** For the legacy face, whatever it is: not yet known to be a message at all. */
  | { readonly kind: 'legacy' }
  | { readonly kind: 'request'; readonly request: ModernRequest }
  | { readonly kind: 'notification'; readonly notification: RpcNotification };

/** The id to answer a body with, if it has one that can be read and is not itself an answer. */
export const idToEcho = (body: unknown): RequestId | undefined =>
  isObject(body) && 'method' in body && isRequestId(body.id) ? body.id : undefined;

export function classify(body: unknown, headers: PostedHeaders): Posted {
  const modernHeader = isModernRevision(headers.protocolVersion);
  if (Array.isArray(body)) return classifyBatch(body, modernHeader);
  const claimed = isObject(body) && isObject(body.params) && META.protocolVersion in metaOf(body);
  if (!modernHeader && !claimed) return { kind: 'legacy' };
  if (isResponse(body))
    throw invalid('A response cannot be posted in the modern era: answers travel in inputResponses.');
  if (isNotification(body)) return classifyNotification(body, headers);
  if (!isRequest(body)) throw invalid('The body is not a JSON-RPC message.');
  return classifyRequest(body, headers, modernHeader);
}

const invalid = (message: string): Fault => new Fault('invalid_request', message);

function classifyBatch(body: readonly unknown[], modernHeader: boolean): Posted {
  const claimed = body.some(item => isObject(item) && isObject(item.params) && META.protocolVersion in metaOf(item));
  if (modernHeader || claimed) throw invalid('Modern requests cannot be sent as a batch: post each on its own.');
  return { kind: 'legacy' };
}

/** Which headers a notification needs is undefined in this revision; those it has must not contradict it. */
function classifyNotification(notification: RpcNotification, headers: PostedHeaders): Posted {
  const claim = metaOf(notification)[META.protocolVersion];
  if (claim !== undefined && headers.protocolVersion !== undefined && claim !== headers.protocolVersion) {
    throw mismatch('MCP-Protocol-Version and the _meta of the notification differ.');
  }
  if (headers.method !== undefined) compare('Mcp-Method', headers.method, notification.method);
  return { kind: 'notification', notification };
}

function classifyRequest(request: RpcRequest, headers: PostedHeaders, modernHeader: boolean): Posted {
  const problem = envelopeProblem(metaOf(request), request.params?._meta !== undefined);
  if (request.method === 'initialize' && (problem !== undefined || isLegacyRevision(revisionOf(request)))) {
    if (modernHeader)
      throw mismatch('initialize opens a legacy session, but MCP-Protocol-Version names a modern revision.');
    return { kind: 'legacy' };
  }
  if (problem !== undefined) throw problem;
  if (!isEnveloped(request)) throw invalid('The body is not a modern request.');
  checkHeaders(request, headers);
  if (traitsOf(request.method).legacyOnly) throw methodUnknown(request.method);
  return { kind: 'request', request };
}

export const methodUnknown = (method: string): Fault =>
  new Fault('method_unknown', `Method not found: ${method.slice(0, 100)}`);

const revisionOf = (request: RpcRequest): unknown => metaOf(request)[META.protocolVersion];

/** True once `envelopeProblem` found none; the guard only tells the compiler. */
const isEnveloped = (request: RpcRequest): request is ModernRequest =>
  isObject(request.params) && isObject(request.params._meta);

function envelopeProblem(meta: Readonly<Record<string, unknown>>, present: boolean): Fault | undefined {
  const missing = [META.protocolVersion, META.clientCapabilities].filter(key => !(key in meta));
  if (missing.length > 0) {
    const what = present ? missing : ['_meta'];
    return new Fault(
      'invalid_params',
      `Invalid params: the request misses ${what.join(' and ')} (every modern request says who sends it).`,
      {
        data: { missing: what },
      },
    );
  }
  const wrong = ENVELOPE.find(([key, fits]) => key in meta && !fits(meta[key]))?.[0];
  if (wrong === undefined) return undefined;
  return new Fault('invalid_params', `Invalid params: _meta["${wrong}"] has the wrong form.`, {
    data: { invalid: wrong },
  });
}

const ENVELOPE: readonly (readonly [string, (value: unknown) => boolean])[] = [
  [META.protocolVersion, value => typeof value === 'string'],
  [META.clientCapabilities, isObject],
  [META.clientInfo, value => isObject(value) && typeof value.name === 'string' && typeof value.version === 'string'],
  [META.logLevel, isLogLevel],
];

function checkHeaders(request: ModernRequest, headers: PostedHeaders): void {
  const { method, params } = request;
  const revision = params._meta[META.protocolVersion];
  if (headers.protocolVersion !== undefined && headers.protocolVersion !== revision) {
    throw mismatch(`MCP-Protocol-Version says ${headers.protocolVersion}, but the request's _meta says ${revision}.`);
  }
  if (!isModernRevision(revision)) {
    throw new Fault('revision_unsupported', `Unsupported protocol version: ${revision.slice(0, 100)}`, {
      data: { supported: [...MODERN_REVISIONS], requested: revision },
    });
  }
  if (headers.protocolVersion === undefined) throw mismatch('The MCP-Protocol-Version header is missing.');
  compare('Mcp-Method', headers.method, method);
  if (traitsOf(method).nameParam !== undefined) compare('Mcp-Name', headers.name, mirroredName(method, params));
}

/** Throws unless the header says what the body says. A body that says nothing is left to whoever knows the method. */
function compare(title: string, header: string | undefined, inBody: string | undefined): void {
  if (header === undefined) {
    if (inBody !== undefined) throw mismatch(`The ${title} header is missing.`);
    return;
  }
  const said = decodeHeaderValue(header);
  if (said === undefined) throw mismatch(`The ${title} header holds no proper base64.`);
  if (inBody !== undefined && said !== inBody) throw mismatch(`The ${title} header does not say what the body says.`);
}

export const mismatch = (message: string): Fault => new Fault('header_mismatch', `Header mismatch: ${message}`);
