/** The arguments gate and keep-alive progress. */
import { describe, expect, it } from 'vitest';
import { argumentsGate } from '../../core/gates/arguments.ts';
import { keepAlive } from '../../core/gates/keep-alive.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import { META } from '../../core/protocol/envelope.ts';
import { answering, asked, gatedUpstream, round } from '../support/gated-upstream.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    to: { type: 'string', title: 'Recipient', format: 'email' },
    amount: { type: 'integer', minimum: 1 },
    lines: { type: 'array' },
  },
  required: ['to', 'amount'],
};

/** Lists one tool, `send`, and says what it was called with. */
const server = (inputSchema: object): StatelessServer =>
  async function* ({ id, method, params }) {
    const tools = [{ name: 'send', inputSchema }];
    const result = method === 'tools/list' ? { tools } : { called: params.arguments };
    yield { jsonrpc: '2.0', id, result };
  };
const part = (schema: object = SCHEMA) =>
  gatedUpstream({}, { gates: [argumentsGate({ tools: ['*'], except: ['x'] })], upstream: server(schema) }).server;

describe('missing arguments', () => {
  it('are asked for, merged with what the model gave, and passed on', async () => {
    const call = { name: 'send', arguments: { amount: 0, lines: [1] } };
    const first = await round(part(), call);
    expect(first.resultType).toBe('input_required');
    const gate = part();
    const again = await round(gate, call);
    expect(asked(again)).toMatchObject({
      requestedSchema: {
        properties: {
          to: { type: 'string', title: 'Recipient', format: 'email' },
          amount: { type: 'integer', minimum: 1, description: 'Given and not valid: 0' },
        },
        required: ['to', 'amount'],
      },
    });
    const content = { to: 'a@b.example', amount: 5, lines: 'mine' };
    expect(await round(gate, answering(call, again, content))).toEqual({
      called: { to: 'a@b.example', amount: 5, lines: [1] },
    });
  });

  it('are asked for again when what came does not fit, and end the call when nothing is given', async () => {
    const call = { name: 'send', arguments: { to: 'a@b.example' } };
    const gate = part();
    const second = await round(gate, answering(call, await round(gate, call), { amount: 0 }));
    expect(second.resultType).toBe('input_required');
    expect(await round(gate, answering(call, second, {}, 'decline'))).toMatchObject({ isError: true });
  });

  it('are left to the tool where a form cannot express them, nothing is missing, or nobody can be asked', async () => {
    const lines = { ...SCHEMA, required: ['lines'] };
    expect(await round(part(lines), { name: 'send', arguments: {} })).toEqual({ called: {} });
    const whole = { to: 'a@b.example', amount: 2 };
    expect(await round(part(), { name: 'send', arguments: whole })).toEqual({ called: whole });
    expect(await round(part(), { name: 'send', arguments: {} }, { capabilities: {} })).toEqual({ called: {} });
  });
});

describe('keep-alive progress', () => {
  it('increases while the upstream is silent, and never falls when it begins to report', async () => {
    let resolve = (): void => {};
    const promise = new Promise<void>(done => {
      resolve = done;
    });
    const progress = (value: number) =>
      ({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: value } }) as const;
    const upstream: StatelessServer = async function* ({ id }) {
      await promise;
      yield progress(0);
      yield progress(1);
      yield { jsonrpc: '2.0', id, result: {} };
    };
    const params = {
      name: 'send',
      _meta: { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {}, progressToken: 'p' },
    };
    const values: number[] = [];
    const call = { principal: { id: 'a' }, signal: new AbortController().signal };
    const kept = keepAlive({ upstream, everyMs: 5 });
    for await (const message of kept({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, call)) {
      if ('method' in message) values.push(Number(message.params?.progress));
      if (values.length === 2) resolve();
    }
    expect(values.length).toBeGreaterThan(2);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(1);
  });
});
