/**
 * The event of an invocation as a web `Request`: Function URLs and HTTP APIs (payload version 2.0), REST APIs (1.0), and load
 * balancers, whose events look like the latter.
 *
 * Nothing is believed that the event does not say; who the caller is, is told only where AWS has verified it.
 */
import { Fault } from '../../base/errors.ts';
import { isObject } from '../../protocol/messages.ts';

type Fields = Record<string, unknown>;

/** How the response is to be written, where it is not streamed: the two shapes name repeated headers differently. */
export type Shape = 'cookies' | 'headers' | 'multiValueHeaders';

export interface Arrived {
  readonly request: Request;
  readonly shape: Shape;
}

const callers = new WeakMap<Request, string>();
const principals = new WeakMap<Request, string>();
const tenants = new WeakMap<Request, string>();
const addresses = new WeakMap<Request, string>();

/** The ARN of the caller, where the function's URL verifies signatures (`AWS_IAM`); `undefined` anywhere else. */
export const callerArnOf = (request: Request): string | undefined => callers.get(request);

/**
 * The principal that a request is made for, as whoever may invoke the function says in the event (the proxy does); clients of a
 * URL cannot. `undefined` if nothing was said.
 */
export const invokedForOf = (request: Request): string | undefined => principals.get(request);

/** The tenant of the invocation that brought a request, where the function isolates tenants; `undefined` anywhere else. */
export const tenantIdOf = (request: Request): string | undefined => tenants.get(request);

/** The address that a request came from, as AWS says it; `undefined` where the event does not say. */
export const sourceAddressOf = (request: Request): string | undefined => addresses.get(request);

/** The request of an event. `signal` is the request's own. Throws `invalid_request` for an event that is no HTTP request. */
export function arrivedIn(event: unknown, signal: AbortSignal, tenantId?: string): Arrived {
  const arrived = readFrom(event, signal);
  if (tenantId !== undefined) tenants.set(arrived.request, tenantId);
  return arrived;
}

function readFrom(event: unknown, signal: AbortSignal): Arrived {
  if (isObject(event) && event.version === '2.0' && isObject(event.requestContext)) return fromV2(event, signal);
  if (isObject(event) && typeof event.httpMethod === 'string') return fromV1(event, event.httpMethod, signal);
  throw new Fault(
    'invalid_request',
    'This function takes HTTP requests: from its Function URL, from API Gateway, from a load balancer, or as an event of that shape.',
  );
}

function fromV2(event: Fields, signal: AbortSignal): Arrived {
  const context = objectOf(event.requestContext);
  const headers = headersOf(event.headers);
  if (Array.isArray(event.cookies) && event.cookies.length > 0) headers.set('cookie', event.cookies.join('; '));
  const query = textOf(event.rawQueryString);
  const url = urlOf(headers, context.domainName, textOf(event.rawPath), query);
  const request = requestOf(event, textOf(objectOf(context.http).method), url, headers, signal);
  const arn = objectOf(objectOf(context.authorizer).iam).userArn;
  if (typeof arn === 'string') callers.set(request, arn);
  const { principal } = objectOf(objectOf(context.authorizer).lambda);
  if (typeof principal === 'string') principals.set(request, principal);
  noteAddress(request, objectOf(context.http).sourceIp);
  return { request, shape: 'cookies' };
}

function fromV1(event: Fields, method: string, signal: AbortSignal): Arrived {
  const headers = headersOf(event.headers);
  const isMultiple = isObject(event.multiValueHeaders);
  for (const [name, values] of Object.entries(objectOf(event.multiValueHeaders))) {
    if (Array.isArray(values)) headers.set(name, values.join(', '));
  }
  const context = objectOf(event.requestContext);
  const query = v1Query(event, 'elb' in context);
  const url = urlOf(headers, context.domainName, textOf(event.path), query);
  const request = requestOf(event, method, url, headers, signal);
  noteAddress(request, objectOf(context.identity).sourceIp);
  return {
    request,
    shape: isMultiple ? 'multiValueHeaders' : 'headers',
  };
}

function noteAddress(request: Request, address: unknown): void {
  if (typeof address === 'string') addresses.set(request, address);
}

/** A load balancer leaves the query as it came; API Gateway decodes it. */
function v1Query(event: Fields, encoded: boolean): string {
  const many = objectOf(event.multiValueQueryStringParameters);
  const all = Object.keys(many).length > 0 ? many : objectOf(event.queryStringParameters);
  const write = (text: unknown): string => (encoded ? String(text) : encodeURIComponent(String(text)));
  return Object.entries(all)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map(item => `${write(name)}=${write(item ?? '')}`),
    )
    .join('&');
}

function headersOf(value: unknown): Headers {
  const headers = new Headers();
  for (const [name, text] of Object.entries(objectOf(value))) {
    if (typeof text === 'string') headers.set(name, text);
  }
  return headers;
}

function urlOf(headers: Headers, domain: unknown, path: string, query: string): string {
  const host = headers.get('host') ?? (textOf(domain) || 'localhost');
  const protocol = headers.get('x-forwarded-proto') === 'http' ? 'http' : 'https';
  const url = `${protocol}://${host}${path.startsWith('/') ? path : `/${path}`}${query === '' ? '' : `?${query}`}`;
  if (URL.canParse(url)) return url;
  throw new Fault('invalid_request', 'The request cannot be read as HTTP: its Host or its path is none.');
}

function requestOf(event: Fields, method: string, url: string, headers: Headers, signal: AbortSignal): Request {
  const bodiless = method === 'GET' || method === 'HEAD';
  if (bodiless || typeof event.body !== 'string' || event.body === '') {
    return new Request(url, { method, headers, signal });
  }
  const body = Buffer.from(event.body, event.isBase64Encoded === true ? 'base64' : 'utf8');
  headers.set('content-length', String(body.byteLength));
  return new Request(url, { method, headers, body, signal });
}

const objectOf = (value: unknown): Fields => (isObject(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
