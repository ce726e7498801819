/**
 * `npm run bench:gates`: what gates add to a call that they let through unasked, in process, over an upstream that answers at once.
 * Rows are measured in turns, in slices; each says the median of its slices, with the least and the greatest.
 */
import { newKeyRing } from '../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../core/adapters/crypto/seal.ts';
import { memoryStores } from '../core/adapters/memory/stores.ts';
import { nodeEnvironment } from '../core/adapters/node/environment.ts';
import type { ApprovalConfig } from '../core/gates/config.ts';
import { gateSettings } from '../core/gates/config.ts';
import { behindGates } from '../core/gates/row.ts';
import type { StatelessServer } from '../core/ports/stateless-server.ts';
import type { ModernRequest } from '../core/protocol/envelope.ts';
import { META } from '../core/protocol/envelope.ts';
import { machineName } from './report.ts';

const SLICES = 15;
const CALLS = 4_000;

const TOOLS = [{ name: 'pay', annotations: { destructiveHint: false }, inputSchema: { type: 'object' } }];
const upstream: StatelessServer = async function* ({ id, method }) {
  const result = method === 'tools/list' ? { tools: TOOLS } : { content: [{ type: 'text', text: 'paid' }] };
  yield { jsonrpc: '2.0', id, result: { ...result, resultType: 'complete' } };
};
const REQUEST: ModernRequest = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'pay',
    arguments: { amount: 250, currency: 'CHF', to: { name: 'Ada', country: 'CH' }, note: 'lunch', items: [1, 2, 3] },
    _meta: { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: { elicitation: {} } },
  },
};

/** Each is judged to its last part, and none names the call. */
const CONDITIONS = Array.from(
  { length: 10 },
  (_, i): ApprovalConfig => ({
    name: `p${i}`,
    tools: ['pay*', 'transfer'],
    when: `amount > ${1_000 + i} || (currency != "CHF" && to.country startsWith "U") || items.length > ${10 + i}`,
  }),
);
const ROWS: Readonly<Record<string, readonly ApprovalConfig[] | undefined>> = {
  'no gates': undefined,
  'one policy, for another tool': [{ name: 'other', tools: ['write_file'] }],
  'one policy, by annotations': [{ name: 'destructive', annotations: 'destructive' }],
  'ten policies with conditions': CONDITIONS,
  'ten policies with JSON Schemas': CONDITIONS.map(({ name }, i) => ({
    name,
    schema: { properties: { amount: { type: 'number', minimum: 1_000 + i } }, required: ['amount', 'to'] },
  })),
};

function serverFor(approval: readonly ApprovalConfig[] | undefined): StatelessServer {
  const { settings, problems } = gateSettings(approval === undefined ? {} : { approval }, ['gates']);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const stores = memoryStores();
  const { server } = behindGates(settings, {
    upstream,
    seal: aesSeal({ keys: newKeyRing() }),
    environment: nodeEnvironment(),
    observer: () => {},
    state: stores.state,
    audit: stores.audit,
    goOn: async () => {},
  });
  return server;
}

/** Microseconds for a call. */
async function slice(server: StatelessServer): Promise<number> {
  const call = { principal: { id: 'key:ada' }, signal: new AbortController().signal };
  const begun = performance.now();
  for (let i = 0; i < CALLS; i++) {
    for await (const message of server(REQUEST, call))
      if (!('result' in message) || message.result.resultType !== 'complete')
        throw new Error('The call was asked about.');
  }
  return ((performance.now() - begun) * 1_000) / CALLS;
}

const servers = Object.entries(ROWS).map(([name, policies]) => ({ name, server: serverFor(policies), took: [0] }));
for (const { server } of servers) await slice(server);
for (const row of servers) row.took.length = 0;
for (let i = 0; i < SLICES; i++) for (const { server, took } of servers) took.push(await slice(server));

const bare = servers[0]?.took ?? [];
const micros = (value: number | undefined): string => (value ?? 0).toFixed(1);
const lines = servers.slice(1).map(({ name, took }) => {
  const added = took.map((value, i) => value - (bare[i] ?? 0)).sort((a, b) => a - b);
  return `| ${name} | ${micros(added[SLICES >> 1])} (${micros(added[0])}…${micros(added.at(-1))}) |`;
});
process.stdout.write(
  `${machineName()}, Node ${process.version}, ${SLICES} slices of ${CALLS} calls\n\n| gates | µs added to a call |\n|---|---|\n${lines.join('\n')}\n`,
);
