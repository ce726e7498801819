/**
 * What a plain call costs in process, without HTTP: the proxy with its SQLite file, and the upstream's side up to what would be sent,
 * for each pair of eras. The server behind is a function that answers at once. Writes its numbers to the bench and exits.
 */
import { newKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { sqliteStores } from '../../core/adapters/sqlite/stores.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import { proxy } from '../../core/proxy/proxy.ts';
import type { Carrier } from '../../core/upstream/carrier.ts';
import { anyEraServer } from '../../core/upstream/era.ts';
import { ownCursors } from '../../core/upstream/own-cursors.ts';
import type { Spread } from '../statistics.ts';
import { spreadOf } from '../statistics.ts';
import { resultsOf } from './results.ts';

/** Microseconds for a call there and back. */
export interface EngineScore {
  readonly pair: string;
  readonly micros: Spread;
}

const CALLS = 1_000;

const environment = nodeEnvironment();
const seal = aesSeal({ keys: newKeyRing() });
const owner = 'bench';
const observer = () => {};
const principal = { id: 'bench' };
const { signal } = new AbortController();
const clientInfo = { name: 'bench', version: '1.0.0' };
const params = { name: 'add', arguments: { a: 19, b: 23 } };
const envelope = {
  [META.protocolVersion]: '2026-07-28',
  [META.clientCapabilities]: {},
  [META.clientInfo]: clientInfo,
};

/** Reads what is sent to it and answers in JSON, as a server on the network would, but without one. */
const answering =
  (era: '2025' | '2026'): Carrier =>
  async ({ body }) => {
    const { id, method } = JSON.parse(body) as { id?: unknown; method: string };
    const result = resultsOf(era)[method];
    const unknown = { code: -32601, message: 'Method not found' };
    const text = JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? { error: unknown } : { result }) });
    return { status: result === undefined ? 404 : 200, contentType: 'application/json', body: whole(text) };
  };

async function* whole(text: string): AsyncGenerator<string> {
  yield text;
}

function proxyBefore(era: '2025' | '2026', folder: string) {
  const upstream = anyEraServer(answering(era), {
    seal,
    environment,
    observer,
    era: era === '2026' ? 'modern' : 'legacy',
  });
  const settings = {
    idleTimeoutMs: LIMITS.idleTimeoutMsDefault,
    lifetimeMs: LIMITS.lifetimeMsDefault,
    idleAction: 'sleep',
    retryLost: 'idempotent',
    drainMs: LIMITS.drainMs,
  } as const;
  const stores = sqliteStores({ folder, environment, owner });
  return proxy({ upstream: ownCursors(upstream, seal), stores, environment, observer, owner, settings });
}

type Server = ReturnType<typeof proxyBefore>;
type Call = () => Promise<unknown>;

async function legacyClient(server: Server): Promise<Call> {
  const opening = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
  const call = { principal, revision: '2025-11-25', sessionId: undefined, signal };
  const opened = await server.receive({ jsonrpc: '2.0', id: 0, method: 'initialize', params: opening }, call);
  const sessionId = opened.kind === 'json' ? opened.sessionId : undefined;
  let calls = 0;
  return async () => {
    const request = { jsonrpc: '2.0', id: ++calls, method: 'tools/call', params };
    const reply = await server.receive(request, { ...call, sessionId });
    return reply.kind === 'json' ? reply.body : undefined;
  };
}

async function modernClient(server: Server): Promise<Call> {
  let calls = 0;
  return async () => {
    const request: ModernRequest = {
      jsonrpc: '2.0',
      id: ++calls,
      method: 'tools/call',
      params: { ...params, _meta: envelope },
    };
    for await (const message of server.modern(request, { principal, signal })) return message;
    return undefined;
  };
}

/** Each call is checked: a fast wrong answer is none. */
async function micros(call: Call): Promise<number> {
  const beganAt = performance.now();
  for (let made = 0; made < CALLS; made++)
    if (!JSON.stringify(await call())?.includes('total 42')) throw new Error('A measured call went wrong.');
  return ((performance.now() - beganAt) * 1_000) / CALLS;
}

/** Pairs take turns, in slices, after some that are not counted. */
async function measured(folders: readonly string[], slices: number): Promise<readonly EngineScore[]> {
  const [of2026 = '', of2025 = ''] = folders;
  const servers = { '2026': proxyBefore('2026', of2026), '2025': proxyBefore('2025', of2025) };
  const rows = [
    { pair: '2025 → 2026', call: await legacyClient(servers['2026']), times: [] as number[] },
    { pair: '2025 → 2025', call: await legacyClient(servers['2025']), times: [] as number[] },
    { pair: '2026 → 2025', call: await modernClient(servers['2025']), times: [] as number[] },
    { pair: '2026 → 2026', call: await modernClient(servers['2026']), times: [] as number[] },
  ];
  for (let turn = -5; turn < slices; turn++) {
    for (const { call, times } of rows) {
      const time = await micros(call);
      if (turn >= 0) times.push(time);
    }
  }
  return rows.map(({ pair, times }) => ({ pair, micros: spreadOf(times) }));
}

const [slices = '15', ...folders] = process.argv.slice(2);
process.send?.(await measured(folders, Number(slices)));
process.exit(0);
