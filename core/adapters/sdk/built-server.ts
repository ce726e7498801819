/**
 * What a program's factory built, told apart by shape: `McpServer` or `Server`, of SDK v1 or v2.
 *
 * The classes cannot be asked with `instanceof`: the program brings its own copy of its SDK. All that is known of the private
 * parts of both SDKs (as of v1 1.32 and v2 2.4) stands in this folder, is looked for before it is used, and is pinned by
 * `test/adapters/sdk/private-parts.test.ts`.
 */
import type { McpRequestContext } from '@modelcontextprotocol/server';
import { Fault } from '../../base/errors.ts';
import { isObject } from '../../protocol/messages.ts';

/** Builds a server; called once for every run. A factory of SDK v1 ignores the context. */
export type ServerFactory = (context: McpRequestContext) => unknown;

/** The part of both SDKs' servers that we call. */
export interface ProtocolServer {
  connect(transport: object): Promise<void>;
  close(): Promise<void>;
  setRequestHandler: unknown;
  transport?: unknown;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  [field: string]: unknown;
}

export interface BuiltServer {
  readonly generation: 'v1' | 'v2';
  /** What the factory returned: connect and close this one. */
  readonly outer: Pick<ProtocolServer, 'connect' | 'close'>;
  /** The protocol object: itself, or what its `server` member holds. */
  readonly protocol: ProtocolServer;
}

/** Servers that were started once: a factory that returns one of them again has built nothing. */
const started = new WeakSet<object>();

/** Calls a factory and says what it built. Throws `program_unstartable` with what to change. */
export async function build(factory: ServerFactory, name: string, era: McpRequestContext['era']): Promise<BuiltServer> {
  let product: unknown;
  try {
    product = await factory({ era });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unstartable(name, 'could not be built: its factory threw', error);
  }
  const built = builtServerOf(product);
  if (built === undefined) {
    throw new Fault(
      'program_unstartable',
      `The factory of ${name} returned ${describe(product)}. It must return an McpServer or a Server of the MCP SDK, not yet connected.`,
    );
  }
  if (started.has(built.protocol) || built.protocol.transport !== undefined) {
    throw new Fault(
      'program_unstartable',
      `The factory of ${name} returned a server that is or was connected already. Build a new one inside the factory, every time it is called, and do not connect it.`,
    );
  }
  started.add(built.protocol);
  return built;
}

/** The server a value is; `undefined` for anything else. */
export function builtServerOf(product: unknown): BuiltServer | undefined {
  if (!isConnectable(product)) return undefined;
  const protocol = isProtocol(product) ? product : product.server;
  if (!isProtocol(protocol)) return undefined;
  return { generation: generationOf(protocol), outer: product, protocol };
}

/** SDK v2 resolves an era per instance and builds a context per request; v1 has neither. */
const generationOf = (protocol: ProtocolServer): 'v1' | 'v2' =>
  typeof protocol.buildContext === 'function' || Array.isArray(protocol._supportedProtocolVersions) ? 'v2' : 'v1';

const isConnectable = (value: unknown): value is Pick<ProtocolServer, 'connect' | 'close'> & Record<string, unknown> =>
  isObject(value) && typeof value.connect === 'function' && typeof value.close === 'function';

/** A client has a `setRequestHandler` as well, but never asks for the capabilities of one. */
const isProtocol = (value: unknown): value is ProtocolServer =>
  isConnectable(value) &&
  typeof value.setRequestHandler === 'function' &&
  typeof value.getClientCapabilities === 'function';

/** A value in a few words, for a person who must see what went wrong. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing (undefined)';
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'function') return value.name === '' ? 'a function' : `a function (${value.name})`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const maker: unknown = value.constructor?.name;
  if (typeof maker === 'string' && maker !== '' && maker !== 'Object') return `an object of class ${maker}`;
  const keys = Object.keys(value).slice(0, 5);
  return keys.length === 0 ? 'an object without members' : `an object with ${keys.join(', ')}`;
}

/** The fault for a program whose own code failed while it was started; the stack goes to the observer. */
export function unstartable(name: string, what: string, error: unknown): Fault {
  const text = error instanceof Error ? error.message : String(error);
  const detail = error instanceof Error ? (error.stack ?? text) : text;
  return new Fault('program_unstartable', `The server of ${name} ${what}: ${text}`, { detail, cause: error });
}
