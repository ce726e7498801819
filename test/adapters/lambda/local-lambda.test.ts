/** The local Lambda, asked by the real client of the AWS SDK: it must behave as Lambda does, or the tests that use it prove nothing. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProbeLambda } from '../../support/lambda/probe-lambda.ts';

/** For a machine with much else to do. */
const ENOUGH_MS = 60_000;

let probe: ProbeLambda;
beforeAll(async () => {
  probe = await ProbeLambda.start({
    plain: { is: 'buffered', timeoutMs: ENOUGH_MS, retryPausesMs: [10, 10] },
    hurried: { is: 'buffered', timeoutMs: 1_000 },
    ticking: { is: 'buffered', timeoutMs: ENOUGH_MS },
    streaming: { is: 'streaming', timeoutMs: ENOUGH_MS },
    'hurried-streaming': { is: 'streaming', timeoutMs: 3_000 },
    tenanted: { is: 'buffered', isTenanted: true, timeoutMs: ENOUGH_MS },
    single: { is: 'buffered', concurrency: 1, timeoutMs: ENOUGH_MS },
    missing: { is: 'nowhere' as 'buffered' },
  });
});
afterAll(() => probe[Symbol.asyncDispose]());

describe('an invocation', () => {
  it('is answered by a warm environment where there is one, and by a new one where all are busy', async () => {
    const first = await probe.invoke('plain', {});
    await probe.lambda.get('plain').quiet();
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:plain';
    const second = await probe.invoke(arn, {});
    expect([first.answer.invocations, second.answer.invocations]).toEqual([1, 2]);
    const both = await Promise.all([probe.invoke('plain', { pauseMs: 100 }), probe.invoke('plain', { pauseMs: 100 })]);
    expect(new Set(both.map(({ answer }) => answer.pid)).size).toBe(2);
  });

  it.each([
    ['fails', 'plain', { failAt: 0 }, 'TypeError'],
    ['takes too long', 'hurried', { pauseMs: 60_000 }, 'Sandbox.Timedout'],
    ['exits', 'plain', { exit: true }, 'Runtime.ExitError'],
    ['answers too much', 'plain', { bytes: 7_000_000 }, 'Function.ResponseSizeTooLarge'],
  ])('says so when its function %s', async (_, name, wish, errorType) => {
    const { answer, failed } = await probe.invoke(name, wish);
    expect([failed, answer.errorType]).toEqual(['Unhandled', errorType]);
  });

  it('says so when the handler is not there', async () => {
    expect((await probe.invoke('missing', {})).answer.errorType).toBe('Runtime.HandlerNotFound');
  });

  it.each([
    ['nobody', {}, 'ResourceNotFoundException'],
    ['plain', { text: 'x'.repeat(6_500_000) }, 'RequestTooLargeException'],
    ['tenanted', {}, 'InvalidParameterValueException'],
  ])('of %s is refused where it cannot be', async (name, payload, refusal) => {
    await expect(probe.invoke(name, payload)).rejects.toMatchObject({ name: refusal });
  });

  it('is throttled beyond the reserved concurrency', async () => {
    const running = probe.invoke('single', { pauseMs: 1_000 });
    await expect.poll(() => probe.lambda.get('single').environments.size).toBe(1);
    await expect(probe.invoke('single', {})).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    expect((await running).failed).toBeUndefined();
  });

  it('of one tenant never reaches the environment of another', async () => {
    const answers = [];
    for (const tenant of ['a', 'b', 'a']) {
      answers.push((await probe.invoke('tenanted', {}, tenant)).answer);
      await probe.lambda.get('tenanted').quiet();
    }
    expect(answers.map(({ tenant, invocations }) => [tenant, invocations])).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
  });
});

describe('an environment', () => {
  it('stands still between invocations', async () => {
    const ticking = probe.lambda.get('ticking');
    const before = (await probe.invoke('ticking', {})).answer;
    const answeredMs = performance.now();
    await ticking.quiet();
    const frozenMs = performance.now();
    await new Promise(resolve => setTimeout(resolve, 600));
    const wokenMs = performance.now();
    const after = (await probe.invoke('ticking', {})).answer;
    expect(after.pid).toBe(before.pid);
    // One every 10 ms while it is at work, and none in the 600 between.
    const workedMs = frozenMs - answeredMs + performance.now() - wokenMs;
    expect(Number(after.ticks) - Number(before.ticks)).toBeLessThan(10 + workedMs / 10);
  });

  it('is charged for what it works, and not for what it waits', async () => {
    const ticking = probe.lambda.get('ticking');
    const { billed } = ticking;
    await ticking.quiet();
    billed.splice(0);
    await new Promise(resolve => setTimeout(resolve, 300));
    const begunMs = Date.now();
    await probe.invoke('ticking', { pauseMs: 120 });
    await ticking.quiet();
    const tookMs = Date.now() - begunMs;
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(billed).toMatchObject([{ functionName: 'ticking', initMs: 0 }]);
    expect(billed[0]?.billedMs).toBeGreaterThanOrEqual(115);
    expect(billed[0]?.billedMs).toBeLessThanOrEqual(tookMs);
  });

  it('can be killed while it is frozen, and another takes its place', async () => {
    const before = (await probe.invoke('ticking', {})).answer;
    await probe.lambda.get('ticking').quiet();
    expect(probe.lambda.get('ticking').kill('frozen')).toBe(1);
    const after = (await probe.invoke('ticking', {})).answer;
    expect(after.invocations).toBe(1);
    expect(after.pid).not.toBe(before.pid);
  });
});

describe('a streamed response', () => {
  it('comes in pieces', async () => {
    const { chunks, errorCode } = await probe.stream('streaming', { chunks: 3, pauseMs: 300 });
    expect(chunks.join('')).toBe('chunk 0\nchunk 1\nchunk 2\n');
    expect(chunks.length).toBeGreaterThan(1);
    expect(errorCode).toBeUndefined();
  });

  it('of a buffered function is one piece', async () => {
    expect(JSON.parse((await probe.stream('plain', {})).chunks.join(''))).toMatchObject({ ticks: expect.any(Number) });
  });

  it.each([
    ['before its first byte', { chunks: 3, failAt: 0 }, [], 'TypeError'],
    ['in the middle', { chunks: 3, failAt: 1 }, ['chunk 0\n'], 'TypeError'],
  ])('says in the end that it failed %s', async (_, wish, chunks, errorCode) => {
    expect(await probe.stream('streaming', wish)).toEqual({ chunks, errorCode });
  });

  it('is cut when the time is over', async () => {
    const { chunks, errorCode } = await probe.stream('hurried-streaming', { chunks: 1_000, pauseMs: 100 });
    expect(errorCode).toBe('Sandbox.Timedout');
    expect(chunks.join('').startsWith('chunk 0\nchunk 1\n')).toBe(true);
  });
});

describe('an asynchronous invocation', () => {
  const send = (payload: unknown) =>
    probe.client.send(
      new InvokeCommand({ FunctionName: 'plain', InvocationType: 'Event', Payload: JSON.stringify(payload) }),
    );

  it('is taken at once and made later', async () => {
    expect((await send({})).StatusCode).toBe(202);
    await probe.lambda.settled();
    expect(probe.lambda.get('plain').deadLetters).toEqual([]);
  });

  it('is made again when it fails, and kept when it fails for good', async () => {
    const plain = probe.lambda.get('plain');
    const { billed, deadLetters } = plain;
    await plain.quiet();
    billed.splice(0);
    await send({ failAt: 0 });
    await probe.lambda.settled();
    await plain.quiet();
    expect(billed.length).toBe(3);
    expect(deadLetters.map(({ payload, errorType }) => [payload.toString(), errorType])).toEqual([
      ['{"failAt":0}', 'TypeError'],
    ]);
  });

  it('is made again when it is throttled', async () => {
    const plain = probe.lambda.get('plain');
    plain.deadLetters.splice(0);
    plain.throttle(2);
    await send({});
    await probe.lambda.settled();
    expect(plain.deadLetters).toEqual([]);
  });
});
