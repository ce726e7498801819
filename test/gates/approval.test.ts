/** The approval gate and the engine that carries it, one round at a time, as modern clients make them. */
import { describe, expect, it } from 'vitest';
import { answering, asked, gatedUpstream, round } from '../support/gated-upstream.ts';
import { question, type Tool, text } from '../support/upstreams/scripted.ts';

const pay: Tool = async function* ({ params }) {
  return text(`paid ${JSON.stringify(params.arguments)}`);
};
const asks: Tool = async function* ({ params }) {
  return params.requestState === 'upstream-1'
    ? text(`told ${JSON.stringify(params.inputResponses)}`)
    : { resultType: 'input_required', requestState: 'upstream-1', inputRequests: { gate: question('Which?') } };
};
const TOOLS = { pay, asks, look: pay };
const CALL = { name: 'pay', arguments: { amount: 5000, password: 'hunter2', note: 'x'.repeat(300) } };
const POLICY = { name: 'payments', tools: ['pay', 'as*'] };
const ONCE = { decision: 'once' };

const part = () => gatedUpstream(TOOLS, { policies: [POLICY] });

describe('an approval', () => {
  it('shows the call, with secrets hidden and long values shortened, before anything is made of it', async () => {
    const { server, calls } = part();
    const first = await round(server, CALL);
    expect(calls()).toEqual([]);
    expect(asked(first)).toMatchObject({
      message: `Allow the call of pay?\n\namount: 5000\npassword: (hidden)\nnote: "${'x'.repeat(200)}…" (300 characters, not all shown)`,
      requestedSchema: { properties: { decision: { enum: ['once', 'no'] } } },
    });
  });

  it('lets exactly the call through that was shown, in any process, once', async () => {
    const { server, again, calls } = part();
    const first = await round(server, CALL);
    const next = answering(CALL, first, ONCE);
    expect(await round(again(), next)).toMatchObject({ content: [{ text: `paid ${JSON.stringify(CALL.arguments)}` }] });
    await expect(round(server, next)).rejects.toThrow('it was used already, and counts once');
    expect(calls()).toHaveLength(1);
  });

  it.each([
    ['other arguments', { arguments: { amount: 9 } }, {}],
    ['another tool', { name: 'asks' }, {}],
    ['another principal', {}, { as: 'bob' }],
    ['another session', {}, { session: 's2' }],
    ['an altered state', { requestState: 'gates1~fermata1.k.AAAA' }, {}],
  ])('is no good for %s', async (_, params, other) => {
    const { server, calls } = part();
    const next = { ...answering(CALL, await round(server, CALL, { session: 's1' }), ONCE), ...params };
    await expect(round(server, next, { session: 's1', ...other })).rejects.toThrow('requestState is not valid');
    expect(calls()).toEqual([]);
  });

  it('ends with its time', async () => {
    const { server, clock, calls } = part();
    const next = answering(CALL, await round(server, CALL), ONCE);
    clock.offsetMs = 14 * 24 * 3_600_000 + 1;
    await expect(round(server, next)).rejects.toThrow('has expired');
    expect(calls()).toEqual([]);
  });

  it('cannot be had with a state that no gate made', async () => {
    const { server, calls } = part();
    await expect(round(server, { ...CALL, requestState: 'mine' })).rejects.toThrow('a gate stands before this call');
    expect(calls()).toEqual([]);
  });

  it('is declined with a reason that reaches the model, and then the state is used up', async () => {
    const { server, calls } = part();
    const first = await round(server, CALL);
    const end = await round(server, answering(CALL, first, { decision: 'no', reason: 'Too much.' }));
    expect(end).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('given: Too much.') }] });
    await expect(round(server, answering(CALL, first, ONCE))).rejects.toThrow('used already');
    expect(await round(server, answering(CALL, await round(server, CALL), {}, 'cancel'))).toMatchObject({
      isError: true,
    });
    expect(calls()).toEqual([]);
  });

  it('asks again without an answer, and a bounded number of times for a wrong one', async () => {
    const { server, calls } = part();
    let result = await round(server, CALL);
    result = await round(server, { ...CALL, requestState: result.requestState });
    expect(result.resultType).toBe('input_required');
    for (let i = 0; i < 2; i++) result = await round(server, answering(CALL, result, { decision: 'maybe' }));
    expect(result.resultType).toBe('input_required');
    expect(await round(server, answering(CALL, result, { decision: 'maybe' }))).toMatchObject({ isError: true });
    expect(calls()).toEqual([]);
  });

  it('carries the rounds of the upstream after its own, whatever their keys', async () => {
    const { server, calls } = part();
    const call = { name: 'asks', arguments: {} };
    const second = await round(server, answering(call, await round(server, call), ONCE));
    expect(asked(second)).toMatchObject({ message: 'Which?' });
    const third = answering(call, second, { value: 'this' });
    expect(await round(server, third)).toMatchObject({
      content: [{ text: 'told {"gate":{"action":"accept","content":{"value":"this"}}}' }],
    });
    await expect(round(server, third)).rejects.toThrow('used already');
    expect(calls().map(({ params }) => params.requestState)).toEqual([undefined, 'upstream-1']);
  });
});

describe('an approval for the session', () => {
  const inSession = { session: 's1' };
  const SESSION = { decision: 'session' };

  it('holds for the tool in that session until its end, and for nothing else', async () => {
    const { server, clock } = gatedUpstream(TOOLS, { policies: [{ ...POLICY, sessionMs: 60_000 }] });
    const resultType = async (params = CALL, session = 's1') => (await round(server, params, { session })).resultType;
    await round(server, answering(CALL, await round(server, CALL, inSession), SESSION), inSession);
    expect(await resultType({ ...CALL, arguments: { ...CALL.arguments, amount: 1 } })).toBe('complete');
    expect(await resultType({ ...CALL, name: 'asks' })).toBe('input_required');
    expect(await resultType(CALL, 's2')).toBe('input_required');
    clock.offsetMs = 60_001;
    expect(await resultType()).toBe('input_required');
  });
});

describe('a decision given elsewhere', () => {
  it('lets the waiting call go on without an answer of its client; the first decision counts', async () => {
    const { server, decisions, clock, observed } = part();
    const first = await round(server, CALL);
    const until = clock.now() + 60_000;
    // The nonce of the waiting is the first id that was made.
    expect(await decisions.decide('id-1', { by: 'carol', action: 'accept', content: ONCE }, until)).toBe(true);
    expect(await decisions.decide('id-1', { by: 'dave', action: 'decline', content: {} }, until)).toBe(false);
    expect(await round(server, { ...CALL, requestState: first.requestState })).toMatchObject({
      resultType: 'complete',
    });
    expect(observed.map(({ event, message }) => `${event}: ${message}`)).toEqual([
      'gate.asked: the tool pay is named',
      'gate.passed: carol approved it once',
    ]);
  });
});

describe('the policies', () => {
  const asksFor = async (
    policy: object,
    args: object,
    name = 'pay',
    as = 'alice',
    scopes?: readonly string[],
  ): Promise<boolean> => {
    const { server } = gatedUpstream(TOOLS, { policies: [{ name: 'p', ...policy }] });
    const who = { as, ...(scopes === undefined ? {} : { scopes }) };
    return (await round(server, { name, arguments: args }, who)).resultType === 'input_required';
  };

  it('name calls by tool, pattern, condition, schema, principal and scope', async () => {
    expect(await asksFor({ tools: ['look'] }, {})).toBe(false);
    expect(await asksFor({ tools: ['*a*'] }, {})).toBe(true);
    expect(await asksFor({ when: 'amount > 1000' }, { amount: 1000 })).toBe(false);
    expect(await asksFor({ when: 'amount > 1000' }, { amount: 1001 })).toBe(true);
    expect(await asksFor({ schema: { properties: { to: { const: 'x' } }, required: ['to'] } }, {})).toBe(false);
    expect(await asksFor({ schema: { properties: { to: { const: 'x' } }, required: ['to'] } }, { to: 'x' })).toBe(true);
    expect(await asksFor({ principals: ['bob'] }, {})).toBe(false);
    expect(await asksFor({ principals: ['b*'] }, {}, 'pay', 'bob')).toBe(true);
    expect(await asksFor({ annotations: 'destructive' }, {})).toBe(true);
    expect(await asksFor({ scopes: ['intern'] }, {})).toBe(false);
    expect(await asksFor({ scopes: ['intern'] }, {}, 'pay', 'alice', ['mcp', 'intern'])).toBe(true);
  });

  it('take the careful side where a condition cannot be judged', async () => {
    expect(await asksFor({ when: 'amount > 1000' }, { amount: '5000' })).toBe(true);
  });

  it('refuse a client that cannot ask, unless they let it through', async () => {
    const { server, again, calls } = part();
    const deaf = { capabilities: {} };
    expect(await round(server, CALL, deaf)).toMatchObject({ isError: true });
    expect(calls()).toEqual([]);
    expect(await round(again([{ ...POLICY, withoutElicitation: 'allow' }]), CALL, deaf)).toMatchObject({
      resultType: 'complete',
    });
  });
});

describe('the audit', () => {
  it('keeps who asked, who decided and a digest of the arguments, and nothing of what no gate concerns', async () => {
    const { server, stores } = part();
    await round(server, { ...CALL, name: 'look' });
    await round(server, answering(CALL, await round(server, CALL), { decision: 'no' }));
    const { entries } = await stores.audit.list({ sinceMs: 0, limit: 10 });
    expect(entries.map(({ event, tool, principal, by, via }) => [event, tool, principal, by, via])).toEqual([
      ['refused', 'pay', 'alice', 'alice', 'client'],
      ['asked', 'pay', 'alice', undefined, undefined],
    ]);
    expect(entries[0]?.argumentsDigest).toBe(entries[1]?.argumentsDigest);
    // Times have any digits, but no number of the entry begins so.
    expect(JSON.stringify(entries)).not.toMatch(/\b5000|hunter2/);
  });

  it('that cannot be written stops the call', async () => {
    const { stores } = part();
    const audit = { ...stores.audit, append: () => Promise.reject(new Error('no room')) };
    const { server, calls } = gatedUpstream(TOOLS, { policies: [{ ...POLICY, withoutElicitation: 'allow' }], audit });
    await expect(round(server, CALL, { capabilities: {} })).rejects.toThrow('no room');
    expect(calls()).toEqual([]);
  });
});

describe('a gate that fails', () => {
  it('refuses the call and says so', async () => {
    const broken = () => {
      throw new Error('out of order');
    };
    const gate = { name: 'broken', enter: broken, answered: broken, explain: broken };
    const { server, calls, observed } = gatedUpstream(TOOLS, { gates: [gate] });
    await expect(round(server, CALL)).rejects.toThrow('The gate "broken" failed, so the call was refused');
    expect([calls(), observed.map(({ event }) => event)]).toEqual([[], ['gate.failed']]);
  });

  it('refuses when the list of tools that it needs cannot be had', async () => {
    const upstream = async function* () {
      yield { jsonrpc: '2.0' as const, id: 1, error: { code: -32603, message: 'down' } };
    };
    const { server } = gatedUpstream({}, { policies: [{ name: 'p', annotations: 'destructive' }], upstream });
    await expect(round(server, CALL)).rejects.toThrow('cannot get it: down');
  });
});
