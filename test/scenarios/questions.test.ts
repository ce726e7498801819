/**
 * Calls that ask, as clients of 2025 see them on the wire, at two instances of the whole product over one store: whatever reaches
 * one might as well have reached the other.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RpcRequest } from '../../core/protocol/messages.ts';
import { isNotification, isRequest, isResponse } from '../../core/protocol/messages.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployedTwice } from '../support/deployment.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-await.ts', import.meta.url));

let one: TestDeployment;
let other: TestDeployment;
beforeAll(async () => {
  [one, other] = await deployedTwice(['--program', PROGRAM]);
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const accept = (content: Record<string, unknown>) => ({ action: 'accept', content });
const ANSWERS: Readonly<Record<string, Record<string, unknown>>> = {
  'What is your name?': accept({ name: 'Ada' }),
  'Which colour do you like?': accept({ colour: 'green' }),
  'May I say so?': accept({ yes: true }),
  'The left number?': accept({ number: 3 }),
  'The right number?': accept({ number: 4 }),
};
const answerTo = (question: RpcRequest) => ANSWERS[String(question.params?.message)] ?? {};

describe('a question', () => {
  it('comes on the stream of the call that asks, and on no other [R19] [R39]', async () => {
    const client = await WireClient.open(one.url);
    const standalone = await WireCall.listening(client);
    const asking = await WireCall.of(client, client.tool('introduce'));
    const quiet = await WireCall.of(client, client.tool('compare'));
    const questions = [await asking.question()];
    const pair = [await quiet.question(), await quiet.question()];
    for (const question of pair) await client.answer(question.id, answerTo(question));
    expect(textIn(await quiet.response())).toBe('7 in all.');
    for (let n = 0; n < 2; n++) {
      await client.answer(questions[n]?.id ?? '', ANSWERS[String(questions[n]?.params?.message)] ?? {});
      questions.push(await asking.question());
    }
    await client.answer(questions[2]?.id ?? '', { action: 'decline' });
    expect(textIn(await asking.response())).toBe('No introduction (decline).');
    expect(asking.messages.filter(isRequest).map(({ params }) => params?.message)).toEqual([
      'What is your name?',
      'Which colour do you like?',
      'May I say so?',
    ]);
    expect(quiet.messages.filter(isRequest)).toHaveLength(2);
    expect(standalone.http.status).toBe(200);
    await client.delete();
    const aside = (await standalone.rest()).flatMap(({ message }) => (message === undefined ? [] : [message]));
    expect(aside.filter(message => !isNotification(message))).toEqual([]);
  });

  it('may be answered at another instance, and its id is of no other question of the session [R22] [R28]', async () => {
    const client = await WireClient.open(one.url);
    const elsewhere = client.at(other.url);
    const here = await WireCall.of(client, client.tool('introduce'));
    const there = await WireCall.of(elsewhere, client.tool('introduce'));
    const ids: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const [mine, theirs] = [await here.question(), await there.question()];
      ids.push(mine.id, theirs.id);
      expect((await elsewhere.answer(mine.id, answerTo(mine))).status).toBe(202);
      expect((await client.answer(theirs.id, answerTo(theirs))).status).toBe(202);
    }
    expect(textIn(await here.response())).toBe('Ada likes green.');
    expect(textIn(await there.response())).toBe('Ada likes green.');
    expect(new Set(ids).size).toBe(6);
  });

  it('of one call is not answered by the answer to another, and by the first answer only [R23] [R24]', async () => {
    const client = await WireClient.open(one.url);
    const calls = await Promise.all([1, 2].map(() => WireCall.of(client, client.tool('introduce'))));
    const first = await Promise.all(calls.map(call => call.question()));
    // The answers come the other way round, and each comes three times, at both instances.
    for (const [index, name] of [
      [1, 'Bob'],
      [0, 'Ada'],
    ] as const)
      for (const value of [name, 'Mallory', 'Mallory'])
        for (const url of [one.url, other.url])
          expect((await client.at(url).answer(first[index]?.id ?? '', accept({ name: value }))).status).toBe(202);
    for (const call of calls) {
      for (let n = 0; n < 2; n++) {
        const question = await call.question();
        await client.answer(question.id, answerTo(question));
      }
    }
    expect(await Promise.all(calls.map(async call => textIn(await call.response())))).toEqual([
      'Ada likes green.',
      'Bob likes green.',
    ]);
    for (const call of calls) expect(call.messages.filter(isRequest)).toHaveLength(3);
  });

  it.each(['decline', 'cancel'])('that is answered with %s is so to the program [R25]', async action => {
    const client = await WireClient.open(one.url);
    const call = await WireCall.of(client, client.tool('introduce'));
    await client.answer((await call.question()).id, { action });
    expect(textIn(await call.response())).toBe(`No introduction (${action}).`);
  });

  it('that is answered with an error is cancelled, and to a model a failed result [R26] [R27]', async () => {
    const client = await WireClient.open(one.url);
    const refused = async (tool: string, args: Record<string, unknown>, error: Record<string, unknown>) => {
      const call = await WireCall.of(client, client.tool(tool, args));
      const { id } = await call.question();
      expect((await client.post({ jsonrpc: '2.0', id, error })).status).toBe(202);
      return call.response();
    };
    const crashed = await refused('introduce', {}, { code: -32603, message: 'The window is gone' });
    expect(textIn(crashed)).toBe('No introduction (cancel).');
    const rejection = { code: -1, message: 'User rejected sampling request' };
    expect(await refused('summarize', { text: 'x' }, rejection)).toMatchObject({
      result: {
        isError: true,
        content: [
          { text: 'The client answered sampling/createMessage with an error: User rejected sampling request (-1)' },
        ],
      },
    });
    expect(await refused('list_roots', {}, { code: -32603, message: 'No roots today' })).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('No roots today') }] },
    });
  });

  it('of a call that is cancelled at another instance is withdrawn, and no response comes [R33]', async () => {
    const client = await WireClient.open(one.url);
    const request = client.tool('introduce');
    const call = await WireCall.of(client, request);
    const { id } = await call.question();
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: request.id } };
    expect((await client.at(other.url).post(cancelled)).status).toBe(202);
    const seen = await call.rest();
    expect(seen.at(-1)?.message).toMatchObject({ method: 'notifications/cancelled', params: { requestId: id } });
    expect(call.messages.filter(isResponse)).toEqual([]);
    expect((await client.answer(id, ANSWERS['What is your name?'] ?? {})).status).toBe(202);
  });
});

describe('a client that gave up', () => {
  it('has its late answer kept: the same call made again, at another instance, goes on from there', async () => {
    const client = await WireClient.open(one.url);
    const request = client.tool('introduce');
    const call = await WireCall.of(client, request);
    const { id } = await call.question();
    await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: request.id } });
    await call.rest();
    expect((await client.answer(id, accept({ name: 'Late' }))).status).toBe(202);
    const again = await WireCall.of(client.at(other.url), client.tool('introduce'));
    const asked: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      const question = await again.question();
      asked.push(question.params?.message);
      await client.answer(question.id, answerTo(question));
    }
    expect(asked).toEqual(['Which colour do you like?', 'May I say so?']);
    expect(textIn(await again.response())).toBe('Late likes green.');
  });
});
