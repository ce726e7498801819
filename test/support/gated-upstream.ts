/** A scripted upstream behind gates, called as modern clients do: one round at a time, with nothing kept between them. */
import { newKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { ApprovalPolicy } from '../../core/gates/approval.ts';
import { approvalGate } from '../../core/gates/approval.ts';
import { Approvals } from '../../core/gates/approvals.ts';
import { Decisions } from '../../core/gates/decisions.ts';
import type { Gate } from '../../core/gates/gate.ts';
import { gated } from '../../core/gates/gated.ts';
import type { ApprovalNotice } from '../../core/ports/approval-notice.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import type { Observation } from '../../core/ports/observer.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import { META } from '../../core/protocol/envelope.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { TestClock } from './proxies.ts';
import type { Tool } from './upstreams/scripted.ts';
import { scriptedUpstream } from './upstreams/scripted.ts';

export type Params = Record<string, unknown>;
export interface Round {
  readonly as?: string;
  readonly scopes?: readonly string[];
  readonly session?: string;
  readonly capabilities?: Params;
}

export interface GatedOptionsUnderTest {
  readonly policies?: readonly ApprovalPolicy[];
  readonly gates?: readonly Gate[];
  readonly upstream?: StatelessServer;
  readonly audit?: AuditLog;
  /** `false`: approvals are given in clients only. */
  readonly page?: false;
}

/** `again` is another process with the same keys and stores. */
export function gatedUpstream(tools: Record<string, Tool>, options: GatedOptionsUnderTest) {
  const clock = new TestClock();
  const stores = memoryStores({ now: clock.now });
  const keys = newKeyRing();
  const scripted = scriptedUpstream(tools);
  const observed: Observation[] = [];
  let ids = 0;
  const environment = { now: clock.now, newId: () => `id-${++ids}` };
  const decisions = new Decisions(stores.state);
  const seal = aesSeal({ keys });
  const told: ApprovalNotice[] = [];
  const wentOn: string[] = [];
  const approvals = new Approvals({
    state: stores.state,
    decisions,
    seal,
    environment,
    pageUrl: () => 'http://localhost/approvals',
    tell: notice => told.push(notice),
    goOn: async ({ tool }) => void wentOn.push(tool),
  });
  const make = (policies = options.policies): StatelessServer =>
    gated({
      upstream: options.upstream ?? scripted.server,
      gates: options.gates ?? [
        approvalGate({
          policies: policies ?? [],
          environment,
          decisions,
          ...(options.page === false ? {} : { approvals }),
        }),
      ],
      seal,
      audit: options.audit ?? stores.audit,
      holdMs: 0,
      environment,
      observer: observation => observed.push(observation),
      decisions,
    });
  const server = make();
  const calls = () => scripted.requests.filter(({ method }) => method === 'tools/call');
  return { server, again: make, clock, stores, observed, calls, decisions, environment, approvals, told, wentOn, seal };
}

/** The result of one round; a fault is thrown, a JSON-RPC error too. */
export async function round(
  server: StatelessServer,
  params: Params,
  { as = 'alice', scopes, session, capabilities = { elicitation: { form: {} } } }: Round = {},
): Promise<Params> {
  const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: capabilities };
  const principal = { id: as, ...(scopes === undefined ? {} : { scopes }) };
  const call = { principal, signal: new AbortController().signal };
  const context =
    session === undefined ? call : { ...call, session: { id: session, name: session, endsAtMs: Date.now() + 60_000 } };
  for await (const message of server(
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta } },
    context,
  )) {
    if ('error' in message) throw new Error(message.error.message);
    if ('result' in message) return message.result;
  }
  throw new Error('The server gave no response.');
}

/** The parameters of the next round: the same call, with an answer to a gate. */
export const answering = (params: Params, result: Params, content: Params, action = 'accept'): Params => ({
  ...params,
  requestState: result.requestState,
  inputResponses: { gate: { action, content } },
});

/** What a round asks: the parameters of its one question. */
export function asked(result: Params): Params {
  const requests = isObject(result.inputRequests) ? Object.values(result.inputRequests) : [];
  const [only] = requests;
  return isObject(only) && isObject(only.params) ? only.params : {};
}
