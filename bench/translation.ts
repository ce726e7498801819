/**
 * Translation alone, in process: the functions of `core/bridge` that a plain call passes through there and back, for each pair of
 * eras, without and with the JSON that is read and written around them. The rest of what Fermata adds is HTTP, sessions and guards.
 */
import { clientOf, programRequest } from '../core/bridge/from-modern.ts';
import { modernResult } from '../core/bridge/from-program.ts';
import { modernRequestOf } from '../core/bridge/legacy-request.ts';
import { legacyOutcomeOf } from '../core/bridge/legacy-result.ts';
import type { ModernRequest } from '../core/protocol/envelope.ts';
import { META } from '../core/protocol/envelope.ts';
import type { Outcome, RpcRequest } from '../core/protocol/messages.ts';
import type { Spread } from './statistics.ts';
import { spreadOf } from './statistics.ts';

const CALLS = 10_000;

const method = 'tools/call';
const clientInfo = { name: 'bench', version: '1.0.0' };
const params = { name: 'add', arguments: { a: 19, b: 23 } };
const result = { content: [{ type: 'text', text: 'total 42' }] };
const envelope = {
  [META.protocolVersion]: '2026-07-28',
  [META.clientCapabilities]: {},
  [META.clientInfo]: clientInfo,
};

const LEGACY_CALL: RpcRequest = { jsonrpc: '2.0', id: 1, method, params };
const MODERN_CALL: ModernRequest = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } };
const LEGACY_OUTCOME: Outcome = { result };
const MODERN_OUTCOME: Outcome = {
  result: { ...result, resultType: 'complete', _meta: { [META.serverInfo]: clientInfo } },
};

const client = { clientInfo, clientCapabilities: {} };
const upward = (request: RpcRequest): ModernRequest => modernRequestOf(request, 2, client);
const downward = (outcome: Outcome): Outcome => legacyOutcomeOf(outcome, { method, revision: '2025-11-25' });
const toServer = (request: ModernRequest): unknown => [clientOf(request), programRequest(request, 3)];
const fromServer = (outcome: Outcome): Outcome =>
  'result' in outcome ? { result: modernResult(method, outcome.result, clientInfo) } : outcome;

export const PAIRS = ['2025 → 2026', '2025 → 2025', '2026 → 2025', '2026 → 2026'] as const;
export type Pair = (typeof PAIRS)[number];

interface Way {
  readonly request: ModernRequest | RpcRequest;
  readonly outcome: Outcome;
  /** There and back. Nothing is translated between a client and a server of 2026. */
  translate(request: unknown, outcome: Outcome): unknown;
}

const WAYS: Readonly<Record<Pair, Way>> = {
  '2025 → 2026': {
    request: LEGACY_CALL,
    outcome: MODERN_OUTCOME,
    translate: (request, outcome) => [upward(request as RpcRequest), downward(outcome)],
  },
  '2025 → 2025': {
    request: LEGACY_CALL,
    outcome: LEGACY_OUTCOME,
    translate: (request, outcome) => [toServer(upward(request as RpcRequest)), downward(fromServer(outcome))],
  },
  '2026 → 2025': {
    request: MODERN_CALL,
    outcome: LEGACY_OUTCOME,
    translate: (request, outcome) => [toServer(request as ModernRequest), fromServer(outcome)],
  },
  '2026 → 2026': {
    request: MODERN_CALL,
    outcome: MODERN_OUTCOME,
    translate: (request, outcome) => [request, outcome],
  },
};

/** Microseconds for a call there and back. */
export interface Translation {
  readonly pair: Pair;
  readonly bareMicros: Spread;
  readonly withJsonMicros: Spread;
}

/** Pairs take turns, in slices. */
export function translations(slices: number): readonly Translation[] {
  const rows = PAIRS.map(pair => ({ pair, bare: [] as number[], withJson: [] as number[] }));
  for (let turn = -1; turn < slices; turn++) {
    for (const { pair, bare, withJson } of rows) {
      const { request, outcome, translate } = WAYS[pair];
      const [sent, answered] = [JSON.stringify(request), JSON.stringify(outcome)];
      const bareMicros = micros(() => translate(request, outcome));
      const jsonMicros = micros(() => JSON.stringify(translate(JSON.parse(sent), JSON.parse(answered) as Outcome)));
      if (turn < 0) continue;
      bare.push(bareMicros);
      withJson.push(jsonMicros);
    }
  }
  return rows.map(({ pair, bare, withJson }) => ({
    pair,
    bareMicros: spreadOf(bare),
    withJsonMicros: spreadOf(withJson),
  }));
}

/** What was made last; kept, so that making it cannot be left out. */
let made: unknown;

function micros(work: () => unknown): number {
  const begunAt = performance.now();
  for (let call = 0; call < CALLS; call++) made = work();
  if (made === undefined) throw new Error('Nothing was translated.');
  return ((performance.now() - begunAt) * 1_000) / CALLS;
}
