/**
 * `fermata gate explain TOOL`: which gates would ask about a call, and why, by the configuration and the server that `fermata serve`
 * would use with the same options. Nothing is asked, and the tool is not called.
 */
import { newKeyRing } from '../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../core/adapters/crypto/seal.ts';
import { memoryStores } from '../core/adapters/memory/stores.ts';
import { nodeEnvironment } from '../core/adapters/node/environment.ts';
import type { GateSettings } from '../core/gates/config.ts';
import type { GatedCall } from '../core/gates/gate.ts';
import { gatesOf } from '../core/gates/row.ts';
import { ToolList } from '../core/gates/tool-list.ts';
import type { Principal, StatelessServer } from '../core/ports/stateless-server.ts';
import type { ModernRequest } from '../core/protocol/envelope.ts';
import { META } from '../core/protocol/envelope.ts';
import { parsedJson } from '../core/protocol/json.ts';
import { isObject } from '../core/protocol/messages.ts';
import { LATEST_MODERN_REVISION } from '../core/protocol/revisions.ts';
import type { Arguments } from './arguments.ts';
import { configuredSettings } from './configured.ts';
import type { Variables } from './given.ts';
import { Misuse } from './misuse.ts';
import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';
import { Runners } from './runners.ts';
import type { ServeSettings } from './settings.ts';
import { upstreamFor } from './upstream.ts';

export async function gate(given: Arguments, env: Variables): Promise<number> {
  const [action, tool, ...rest] = given.words ?? [];
  if (action !== 'explain' || tool === undefined || rest.length > 0)
    throw new Misuse(`Write: fermata gate explain TOOL --args '{"amount": 5000}'`);
  const args = argumentsIn(given.values.args?.[0]);
  const settings = await configuredSettings(given, env, process.cwd());
  const principal: Principal = {
    id: given.values.principal?.[0] ?? 'anonymous',
    ...(given.values.scope === undefined ? {} : { scopes: given.values.scope }),
  };
  const server = await serverOf(settings);
  try {
    const text = await explanation(settings.gates, server, { tool, args, principal }, paintFor(process.stdout));
    process.stdout.write(text);
    return 0;
  } finally {
    server.close();
  }
}

function argumentsIn(text: string | undefined): Record<string, unknown> {
  const value = text === undefined ? {} : parsedJson(text);
  if (isObject(value)) return value;
  throw new Misuse(`--args must be a JSON object, for example --args '{"amount": 5000}'.`);
}

async function serverOf(settings: ServeSettings): Promise<{ readonly ask: StatelessServer; close(): void }> {
  const environment = nodeEnvironment();
  const seal = aesSeal({ keys: newKeyRing() });
  const { retryLost, inherit, env } = settings;
  const stores = memoryStores();
  const observer = (): void => {};
  const owner = environment.newId();
  const run = { seal, environment, observer, owner, guard: stores.rounds, state: stores.state, retryLost };
  const runners = new Runners(run);
  const parts = { observer, runner: runners.make, legacy: { seal, environment }, surroundings: { inherit, env } };
  const { server } = await upstreamFor(settings.served, parts);
  return { ask: server, close: () => runners.close() };
}

interface Imagined {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly principal: Principal;
}

async function explanation(
  settings: GateSettings,
  { ask }: { readonly ask: StatelessServer },
  { tool, args, principal }: Imagined,
  paint: Paint,
): Promise<string> {
  const environment = nodeEnvironment();
  const tools = new ToolList(ask, environment);
  const request: ModernRequest = {
    jsonrpc: '2.0',
    id: 'fermata-gate',
    method: 'tools/call',
    params: {
      name: tool,
      arguments: args,
      _meta: { [META.protocolVersion]: LATEST_MODERN_REVISION, [META.clientCapabilities]: { elicitation: {} } },
    },
  };
  const call = { principal, signal: new AbortController().signal };
  const seen: GatedCall = {
    request,
    call,
    tool,
    arguments: args,
    listed: () => tools.find(tool, request, call),
    ticket: () => ({ nonce: '', expiresAtMs: 0 }),
  };
  const known = await seen.listed();
  const lines = [`${paint('bold', tool)} ${JSON.stringify(args)} for ${principal.id}`];
  if (known === undefined) lines.push(paint('yellow', `The server lists no tool "${tool}".`));
  const gates = gatesOf(settings, { environment });
  if (gates.length === 0) lines.push('There are no gates: the configuration has none, or was not found.');
  for (const { name, explain } of gates) {
    lines.push('', paint('cyan', name));
    for (const line of await explain(seen)) lines.push(`  ${line}`);
  }
  return `${lines.join('\n')}\n`;
}
