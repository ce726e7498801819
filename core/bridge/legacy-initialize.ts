/**
 * `initialize` of a legacy client, answered from what a modern server says in `server/discover`.
 *
 * Pure translation: no session, no store. Capabilities are shown only where this proxy can deliver them: `listChanged` and
 * `subscribe` need a stream outside any call, which a legacy client gets from the standalone GET stream; where there is
 * none they are not advertised. Source: MCP 2025-11-25 "Lifecycle", 2026-07-28 "Discovery".
 */
import type {
  ClientCapabilities,
  Implementation,
  InitializeResult,
  ServerCapabilities,
} from '@modelcontextprotocol/server';
import { Fault } from '../base/errors.ts';
import { META } from '../protocol/envelope.ts';
import { isObject } from '../protocol/messages.ts';
import type { LegacyRevision } from '../protocol/revisions.ts';
import { LEGACY_TRAITS, negotiate } from '../protocol/revisions.ts';

export interface Introduction {
  readonly revision: LegacyRevision;
  readonly clientInfo: Implementation;
  readonly clientCapabilities: ClientCapabilities;
}

/** What the client says of itself in `initialize`; throws `invalid_params` if it does not. */
export function introductionOf(params: unknown): Introduction {
  if (!isObject(params) || typeof params.protocolVersion !== 'string') {
    throw new Fault('invalid_params', 'initialize needs params.protocolVersion, a string such as "2025-11-25".');
  }
  const { capabilities = {}, clientInfo } = params;
  if (!isObject(capabilities)) throw new Fault('invalid_params', 'initialize: params.capabilities must be an object.');
  if (!isImplementation(clientInfo)) {
    throw new Fault('invalid_params', 'initialize needs params.clientInfo with a name and a version.');
  }
  return { revision: negotiate(params.protocolVersion), clientInfo, clientCapabilities: capabilities };
}

const isImplementation = (value: unknown): value is Implementation =>
  isObject(value) && typeof value.name === 'string' && typeof value.version === 'string';

const ANONYMOUS: Implementation = { name: 'unnamed-mcp-server', version: '0.0.0' };

/** What a session can do, which no server knows. */
export interface Abilities {
  /** There is a standalone stream for what happens outside calls. */
  readonly hearOutsideCalls: boolean;
  /** Its tasks may be listed: it belongs to somebody. */
  readonly listTasks: boolean;
}

/** The `InitializeResult` for a client, from the result of `server/discover`. */
export function initializeResultOf(
  discovered: Record<string, unknown>,
  revision: LegacyRevision,
  can: Abilities,
): InitializeResult {
  const meta = isObject(discovered._meta) ? discovered._meta : {};
  const serverInfo = meta[META.serverInfo];
  return {
    protocolVersion: revision,
    capabilities: legacyCapabilities(isObject(discovered.capabilities) ? discovered.capabilities : {}, revision, can),
    serverInfo: isImplementation(serverInfo) ? serverInfo : ANONYMOUS,
    ...(typeof discovered.instructions === 'string' ? { instructions: discovered.instructions } : {}),
  };
}

const UNDELIVERABLE = ['listChanged', 'subscribe'];

/** Everything the server can do, less what cannot reach a legacy client; unknown capabilities pass untouched. */
function legacyCapabilities(
  capabilities: Record<string, unknown>,
  revision: LegacyRevision,
  can: Abilities,
): ServerCapabilities {
  const { tasks: _, ...rest } = capabilities;
  for (const family of can.hearOutsideCalls ? [] : ['tools', 'prompts', 'resources']) {
    const value = rest[family];
    if (isObject(value)) rest[family] = without(value, UNDELIVERABLE);
  }
  if (LEGACY_TRAITS[revision].tasks && isObject(rest.tools))
    rest.tasks = can.listTasks ? { list: {}, ...TASKS } : TASKS;
  return rest;
}

/** Every tool may be called as a task, since tasks are the proxy's and not the server's. */
const TASKS = { cancel: {}, requests: { tools: { call: {} } } };

const without = (value: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

/**
 * What a client of a revision can really do, as a modern server should see it: the modes and options its revision knows,
 * without what modern requests cannot carry (`roots.listChanged`, tasks).
 */
export function modernClientCapabilities(
  capabilities: ClientCapabilities,
  revision: LegacyRevision,
): ClientCapabilities {
  const traits = LEGACY_TRAITS[revision];
  const { tasks: _, roots, elicitation, sampling, ...rest } = capabilities as Record<string, unknown>;
  const modes = elicitationModes(elicitation, traits.elicitation);
  return {
    ...rest,
    ...(isObject(roots) ? { roots: without(roots, ['listChanged']) } : {}),
    ...(modes === undefined ? {} : { elicitation: modes }),
    ...(isObject(sampling) ? { sampling: traits.samplingTools ? sampling : without(sampling, ['tools']) } : {}),
  } as ClientCapabilities;
}

/** The declared modes that the revision has; `{}` has always meant "form only". */
function elicitationModes(declared: unknown, known: readonly string[]): Record<string, unknown> | undefined {
  if (!isObject(declared)) return undefined;
  const spelled = Object.keys(declared).length === 0 ? { form: {} } : declared;
  const modes = Object.fromEntries(Object.entries(spelled).filter(([mode]) => known.includes(mode)));
  return Object.keys(modes).length === 0 ? undefined : modes;
}
