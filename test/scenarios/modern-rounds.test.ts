/**
 * Calls of 2026-07-28 that ask, on the wire, at two instances of the whole product with the same keys: rounds, their state, what is
 * reported meanwhile, and what ends them.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isObject, isRequest } from '../../core/protocol/messages.ts';
import { answered, answering, FORMS, modern, refused } from '../support/clients/modern-wire.ts';
import { eventsIn, textIn } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployedTwice } from '../support/deployment.ts';

const server = (name: string): string => fileURLToPath(new URL(`../support/servers/${name}.ts`, import.meta.url));
const introduce = { name: 'introduce', arguments: {} };
const compare = { name: 'compare', arguments: {} };
const named = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args });

let one: TestDeployment;
let other: TestDeployment;
let library: TestDeployment;
beforeAll(async () => {
  [one, other] = await deployedTwice(['--program', server('v1-await')]);
  [library] = await deployedTwice(['--program', server('v1-library')]);
});
afterAll(async () => {
  for (const deployment of [one, other, library]) await deployment[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
const CONTENT: Readonly<Record<string, Json>> = {
  'What is your name?': { name: 'Ada' },
  'Which colour do you like?': { colour: 'green' },
  'May I say so?': { yes: true },
  'The left number?': { number: 3 },
  'The right number?': { number: 4 },
};
const willing = ({ message }: Json): Json => ({ action: 'accept', content: CONTENT[String(message)] });
const tool = (url: string, params: Json, options = {}) => answered(modern(url, 'tools/call', params, options));
const asked = (result: Json): readonly Json[] =>
  Object.values(isObject(result.inputRequests) ? result.inputRequests : {}).filter(isObject);

describe('a call that asks', () => {
  it('takes a round for each question in turn, each with a state of its own, on any instance [R66] [R70] [R76]', async () => {
    const states = new Set<unknown>();
    let { result } = await tool(one.url, introduce);
    const questions: unknown[] = [];
    for (let round = 0; result.resultType === 'input_required'; round++) {
      states.add(result.requestState);
      questions.push(...asked(result).map(({ params }) => isObject(params) && params.message));
      result = (await tool(round % 2 === 0 ? other.url : one.url, answering(introduce, result, willing))).result;
    }
    expect(questions).toEqual(['What is your name?', 'Which colour do you like?', 'May I say so?']);
    expect(states.size).toBe(3);
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'Ada likes green.' }] });
  });

  it('asks two things at once in one round, in the words of 2026 [R69] [R77]', async () => {
    const { result, messages } = await tool(one.url, compare);
    const requests = asked(result);
    expect(requests).toHaveLength(2);
    for (const request of requests) {
      expect(Object.keys(request).sort()).toEqual(['method', 'params']);
      for (const absent of ['elicitationId', 'task', '_meta']) expect(request.params).not.toHaveProperty(absent);
    }
    expect(messages.filter(isRequest)).toEqual([]);
    const page = await tool(library.url, named('visit'), { capabilities: { elicitation: { url: {} } } });
    expect(asked(page.result)).toEqual([
      {
        method: 'elicitation/create',
        params: { mode: 'url', message: 'Sign in first', url: 'https://example.com/sign-in' },
      },
    ]);
    const last = await tool(other.url, answering(compare, result, willing));
    expect(last.result).toMatchObject({ content: [{ text: '7 in all.' }] });
  });

  it('is told again what is missing, and not disturbed by what it did not ask [R75]', async () => {
    const first = (await tool(one.url, compare)).result;
    const whole = answering(compare, first, willing);
    const [left = '', right = ''] = Object.keys(whole.inputResponses as Json);
    const responses = whole.inputResponses as Json;
    const half = await tool(one.url, {
      ...whole,
      inputResponses: { [left]: responses[left], nobody: { asked: true } },
    });
    expect(half.result.resultType).toBe('input_required');
    expect(Object.keys(half.result.inputRequests as Json)).toEqual([right]);
    const rest = { ...compare, inputResponses: { [right]: responses[right] }, requestState: half.result.requestState };
    expect((await tool(one.url, rest)).result).toMatchObject({ content: [{ text: '7 in all.' }] });
    const malformed = { ...whole, inputResponses: 'yes' };
    expect((await refused(modern(one.url, 'tools/call', malformed, { id: 'b' }))).slice(1)).toEqual([-32602, 'b']);
  });

  it('is run once by the last state, however often that comes, and wherever [R74] [R104]', async () => {
    const steps = named('stages');
    const [here, there] = await deployedTwice(['--program', server('v1-library')]);
    let { result } = await tool(here.url, steps);
    result = (await tool(here.url, answering(steps, result, willing))).result;
    const last = answering(steps, result, willing);
    const all = await Promise.all([here, there, here, there].map(({ url }) => tool(url, last)));
    const done = all.filter(({ result }) => result.resultType === 'complete');
    expect(done.length).toBeGreaterThanOrEqual(1);
    for (const { result } of done) expect(result).toMatchObject({ content: [{ text: 'Done, Ada.' }] });
    // The program notes when its end was reached.
    expect(textIn((await tool(here.url, named('happened'))).messages.at(-1)).match(/stages ended/g)).toHaveLength(1);
    await tool(there.url, last);
    expect(textIn((await tool(here.url, named('happened'))).messages.at(-1)).match(/stages ended/g)).toHaveLength(1);
    for (const deployment of [here, there]) await deployment[Symbol.asyncDispose]();
  });

  it('asks nothing that the client did not declare, and says what it would need [R20] [R68]', async () => {
    const lacking = async (name: string, capabilities: Json) => {
      const response = await modern(library.url, 'tools/call', named(name), { capabilities });
      return [response.status, await response.json()];
    };
    const error = (requiredCapabilities: Json) => [400, { error: { code: -32021, data: { requiredCapabilities } } }];
    expect(await lacking('roots', FORMS)).toMatchObject(error({ roots: {} }));
    expect(await lacking('summary', FORMS)).toMatchObject(error({ sampling: {} }));
    // The program's own SDK knows what its client has, and does not even ask.
    for (const [name, capabilities] of [
      ['stages', {}],
      ['visit', FORMS],
      ['research', { sampling: {} }],
    ] as const)
      expect(await lacking(name, capabilities)).toMatchObject([
        200,
        { result: { resultType: 'complete', isError: true } },
      ]);
  });
});

describe('what a call reports', () => {
  const levelsIn = (messages: readonly unknown[]) =>
    messages.flatMap(message =>
      isObject(message) && message.method === 'notifications/message' && isObject(message.params)
        ? [message.params.level]
        : [],
    );

  it('are log messages from the level that its request names, and none without one [R79]', async () => {
    const log = async (level?: string) => {
      const meta = level === undefined ? {} : { 'io.modelcontextprotocol/logLevel': level };
      return levelsIn((await tool(library.url, named('log'), { meta })).messages);
    };
    const [none, some, quiet] = await Promise.all([log(), log('error'), tool(library.url, named('happened'))]);
    expect(none).toEqual([]);
    expect(some).toEqual(['error', 'critical', 'alert', 'emergency']);
    expect(levelsIn(quiet.messages)).toEqual([]);
  });

  it('is progress of its own token that only rises, before the response and not between rounds [R78] [R80]', async () => {
    const stages = named('stages');
    const seen: unknown[] = [];
    let result: Json = {};
    for (let round = 0; round < 3; round++) {
      const params = round === 0 ? stages : answering(stages, result, willing);
      const { messages, ...last } = await tool(library.url, params, { meta: { progressToken: `t${round}` } });
      result = last.result;
      expect(messages.filter(isRequest)).toEqual([]);
      seen.push(
        messages.flatMap(message =>
          'method' in message ? [[message.params?.progressToken, message.params?.progress]] : [],
        ),
      );
    }
    expect(result).toMatchObject({ content: [{ text: 'Done, Ada.' }] });
    expect(seen).toEqual([
      [
        ['t0', 1],
        ['t0', 2],
      ],
      [['t1', 3]],
      [['t2', 4]],
    ]);
  });

  it('ends with its stream: closing that cancels the call [R81]', async () => {
    const leaving = new AbortController();
    const response = modern(library.url, 'tools/call', named('wait', { name: 'closed' }), {
      meta: { progressToken: 'w' },
      signal: leaving.signal,
    });
    const told = async () => textIn((await tool(library.url, named('happened'))).messages.at(-1));
    await expect.poll(told).toContain('closed began');
    const reading = (async () => {
      for await (const _ of eventsIn(await response));
    })();
    leaving.abort();
    await expect(reading).rejects.toThrow(/abort/);
    await expect.poll(told).toContain('closed was cancelled');
  });
});
