/** Questions over rounds: their keys, their answers, and what becomes of answers that are missing, wrong or not possible. */
import { expect, test } from 'vitest';
import {
  callerOf,
  questionsIn,
  requestOf,
  retried,
  type Told,
  textOf,
  told,
  toolCall,
  value,
} from '../support/programs/calling.ts';
import { type Scene, scripted, text } from '../support/programs/scripted.ts';

const keysOf = (asked: Told): string[] => Object.keys(questionsIn(asked));
const named = (name: string) => ({ 'dev.fermata/inputKey': name });

const asks = (script: (scene: Scene) => Promise<string>) =>
  scripted({ tools: { ask: async scene => text(await script(scene)) } });

const inTwo = asks(async scene => {
  const parts = [scene.text('First?', named('first')), scene.text('Second?', named('second'))];
  return (await Promise.all(parts)).join(' ');
});

test('questions asked in parallel come in one round', async () => {
  const caller = callerOf(inTwo);
  const call = toolCall('ask');
  const asked = await told(caller, call);
  expect(keysOf(asked)).toEqual(['first', 'second']);
  const answer = await told(caller, retried(call, asked, { second: value('b'), first: value('a') }));
  expect(textOf(answer)).toBe('a b');
});

test('missing answers are asked for again, without running the program', async () => {
  const program = asks(async scene => {
    const parts = [scene.text('First?', named('first')), scene.text('Second?', named('second'))];
    return (await Promise.all(parts)).join(' ');
  });
  const caller = callerOf(program);
  const call = toolCall('ask');
  const asked = await told(caller, call);
  const still = await told(caller, retried(call, asked, { first: value('a'), unknown: value('x') }));
  expect(keysOf(still)).toEqual(['second']);
  expect(program.executions).toBe(1);
  expect(textOf(await told(caller, retried(call, still, { second: value('b') })))).toBe('a b');
});

test('a retry without any answers asks the same again', async () => {
  const caller = callerOf(inTwo);
  const call = toolCall('ask');
  const asked = await told(caller, call);
  expect(questionsIn(await told(caller, retried(call, asked)))).toEqual(questionsIn(asked));
});

test('an answer that does not fit its schema is asked for again, so many times', async () => {
  const program = asks(scene => scene.text('Who?', named('who')));
  const caller = callerOf(program);
  const call = toolCall('ask');
  let asked = await told(caller, call);
  for (let n = 0; n < 3; n++) {
    asked = await told(caller, retried(call, asked, { who: { action: 'accept', content: { value: 5 } } }));
    expect(keysOf(asked)).toEqual(['who']);
  }
  expect(program.executions).toBe(1);
  await expect(told(caller, retried(call, asked, { who: { action: 'accept' } }))).rejects.toMatchObject({
    code: 'answer_invalid',
    data: { key: 'who' },
  });
  expect(textOf(await told(caller, retried(call, asked, { who: value('Ada') })))).toBe('Ada');
});

test('declining and cancelling reach the program as they are', async () => {
  const caller = callerOf(asks(scene => scene.text('Who?', named('who'))));
  const call = toolCall('ask');
  const asked = await told(caller, call);
  expect(textOf(await told(caller, retried(call, asked, { who: { action: 'decline' } })))).toBe('decline');
  const again = await told(caller, call);
  expect(textOf(await told(caller, retried(call, again, { who: { action: 'cancel' } })))).toBe('cancel');
});

test('a client that keeps no state may answer by key alone', async () => {
  const program = asks(async scene => `${await scene.text('A?', named('a'))} ${await scene.text('B?', named('b'))}`);
  const caller = callerOf(program);
  const half = await told(caller, toolCall('ask', { inputResponses: { a: value('1'), unknown: value('x') } }));
  expect(keysOf(half)).toEqual(['b']);
  const whole = await told(caller, toolCall('ask', { inputResponses: { a: value('1'), b: value('2') } }));
  expect(textOf(whole)).toBe('1 2');
});

for (const malformed of [null, [], 'x', { who: 12345 }])
  test(`inputResponses ${JSON.stringify(malformed)} are refused`, async () => {
    const caller = callerOf(asks(scene => scene.text('Who?', named('who'))));
    await expect(told(caller, toolCall('ask', { inputResponses: malformed }))).rejects.toMatchObject({
      code: 'invalid_params',
    });
  });

test('one question asked in a loop has a key for each time', async () => {
  const caller = callerOf(
    asks(async scene => {
      let all = '';
      for (let answer = await scene.text('More?'); answer !== 'no'; answer = await scene.text('More?')) all += answer;
      return all;
    }),
  );
  const call = toolCall('ask');
  let asked = await told(caller, call);
  const keys: string[] = [];
  for (const answer of ['x', 'y', 'no']) {
    const [key = ''] = keysOf(asked);
    keys.push(key);
    asked = await told(caller, retried(call, asked, { [key]: value(answer) }));
  }
  expect(textOf(asked)).toBe('xy');
  expect(keys.map(key => key.replace(/-\w{8}/, ''))).toEqual(['elicitation', 'elicitation-2', 'elicitation-3']);
});

test('legacy members of a question are not shown to a modern client', async () => {
  const caller = callerOf(
    asks(async scene => {
      const envelope = { elicitationId: 'e1', task: { ttl: 5 }, _meta: { progressToken: 3 } };
      await scene.ask('elicitation/create', { mode: 'url', message: 'm', url: 'https://example.com/', ...envelope });
      return 'done';
    }),
  );
  const [question] = Object.values(questionsIn(await told(caller, toolCall('ask'))));
  expect(question).toEqual({
    method: 'elicitation/create',
    params: { mode: 'url', message: 'm', url: 'https://example.com/' },
  });
});

test('sampling and roots are asked for the same way', async () => {
  const caller = callerOf(
    asks(async scene => {
      const [sampled, roots] = await Promise.all([
        scene.ask('sampling/createMessage', { messages: [], maxTokens: 5 }),
        scene.ask('roots/list'),
      ]);
      return JSON.stringify([sampled, roots]);
    }),
  );
  const call = toolCall('ask');
  const asked = await told(caller, call);
  expect(Object.values(questionsIn(asked))).toEqual([
    { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } },
    { method: 'roots/list' },
  ]);
  const sampled = { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' };
  const roots = { roots: [{ uri: 'file:///a' }] };
  const [first = '', second = ''] = keysOf(asked);
  const answer = await told(caller, retried(call, asked, { [first]: sampled, [second]: roots }));
  expect(textOf(answer)).toBe(JSON.stringify([{ result: sampled }, { result: roots }]));
});

test('roots the proxy knows are not asked for', async () => {
  const roots = { roots: [{ uri: 'file:///known' }] };
  const caller = callerOf(asks(async scene => JSON.stringify(await scene.ask('roots/list'))));
  const answer = await told(caller, toolCall('ask', {}, { 'dev.fermata/roots': roots }));
  expect(textOf(answer)).toBe(JSON.stringify({ result: roots }));
});

test('roots asked for on the side do not cut a call short that is at work', async () => {
  const later = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
  const program = scripted({
    onInitialized: scene => void later(20).then(() => scene.ask('roots/list')),
    tools: { work: async () => later(100).then(() => text('done')) },
  });
  expect(textOf(await told(callerOf(program), toolCall('work')))).toBe('done');
  expect(program.executions).toBe(1);
});

test('a call that waits for roots alone asks for them', async () => {
  const caller = callerOf(asks(async scene => JSON.stringify(await scene.ask('roots/list'))));
  const call = toolCall('ask');
  const asked = await told(caller, call);
  const [key = ''] = keysOf(asked);
  const answer = await told(caller, retried(call, asked, { [key]: { roots: [] } }));
  expect(textOf(answer)).toBe(JSON.stringify({ result: { roots: [] } }));
});

const capabilities = (declared: unknown) => ({ 'io.modelcontextprotocol/clientCapabilities': declared });

test.each([
  ['elicitation/create', { message: 'm' }, {}, -32601, { elicitation: { form: {} } }],
  [
    'elicitation/create',
    { mode: 'url', url: 'u', message: 'm' },
    { elicitation: {} },
    -32602,
    { elicitation: { url: {} } },
  ],
  ['sampling/createMessage', { messages: [] }, { elicitation: {} }, -32601, { sampling: {} }],
  ['sampling/createMessage', { tools: [] }, { sampling: {} }, -32602, { sampling: { tools: {} } }],
  ['roots/list', {}, {}, -32601, { roots: {} }],
])('%s is not put to a client that did not declare it: %j with %j', async (method, params, declared, code, required) => {
  const program = scripted({
    tools: {
      copes: async scene => text(JSON.stringify(await scene.ask(method, params))),
      fails: async scene => text(JSON.stringify(await scene.ask(method, params)), { isError: true }),
    },
  });
  const caller = callerOf(program);
  const copes = await told(caller, toolCall('copes', {}, capabilities(declared)));
  expect(JSON.parse(textOf(copes) ?? '')).toMatchObject({ error: { code } });

  const fails = await told(caller, toolCall('fails', {}, capabilities(declared)));
  expect(fails.error).toMatchObject({ code: -32021, data: { requiredCapabilities: required } });
});

test('elicitation {} means forms', async () => {
  const caller = callerOf(asks(scene => scene.text('Who?', named('who'))));
  expect(keysOf(await told(caller, toolCall('ask', {}, capabilities({ elicitation: {} }))))).toEqual(['who']);
});

test('a refusal is replayed as it was, also when the client declares more meanwhile', async () => {
  const program = asks(async scene => {
    const sampled = await scene.ask('sampling/createMessage', { messages: [], maxTokens: 1 });
    return `${'error' in sampled ? 'no model' : 'model'} ${await scene.text('Who?', named('who'))}`;
  });
  const caller = callerOf(program);
  const call = toolCall('ask', {}, capabilities({ elicitation: {} }));
  const asked = await told(caller, call);
  const retry = retried(toolCall('ask'), asked, { who: value('Ada') });
  expect(textOf(await told(caller, retry))).toBe('no model Ada');
});

test('a method that may not ask answers the program with an error', async () => {
  const answers: unknown[] = [];
  const program = scripted({
    methods: {
      'tools/list': async scene => {
        answers.push(await scene.ask('elicitation/create', { message: 'm' }), await scene.ask('roots/list'));
        return { tools: [] };
      },
    },
  });
  const roots = { 'dev.fermata/roots': { roots: [] } };
  const answer = await told(callerOf(program), requestOf('tools/list', {}, roots));
  expect(answer.result).toMatchObject({ resultType: 'complete', tools: [] });
  expect(answers).toMatchObject([{ error: { code: -32601 } }, { result: { roots: [] } }]);
});

test('questions within the handshake are answered at once', async () => {
  const answers: unknown[] = [];
  const program = scripted({
    tools: { plain: () => text('ok') },
    onInitialized: scene => {
      for (const method of ['roots/list', 'elicitation/create', 'ping', 'unknown/method'])
        scene.ask(method).then(
          answer => answers.push(answer),
          () => {},
        );
    },
  });
  expect(textOf(await told(callerOf(program), toolCall('plain')))).toBe('ok');
  expect(answers).toMatchObject([
    { error: { code: -32601 } },
    { error: { code: -32601 } },
    { result: {} },
    { error: { code: -32601 } },
  ]);
});

test('a page that must be visited first becomes a question, and its answer makes the call again', async () => {
  let isVisited = false;
  const elicitations = [{ mode: 'url', message: 'Sign in', url: 'https://example.com/', elicitationId: 'x' }];
  const program = scripted({
    methods: {
      'tools/call': () => {
        if (isVisited) return text('signed in');
        return Promise.reject(Object.assign(new Error('visit'), { code: -32042, data: { elicitations } }));
      },
    },
  });
  const caller = callerOf(program);
  const call = toolCall('ask');
  const asked = await told(caller, call);
  const [key = ''] = keysOf(asked);
  expect(questionsIn(asked)[key]).toEqual({
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Sign in', url: 'https://example.com/' },
  });

  const declined = await told(caller, retried(call, asked, { [key]: { action: 'decline' } }));
  expect(declined.result).toMatchObject({ isError: true });
  isVisited = true;
  expect(textOf(await told(caller, retried(call, asked, { [key]: { action: 'accept' } })))).toBe('signed in');

  isVisited = false;
  const blind = await told(caller, toolCall('ask', {}, capabilities({ elicitation: {} })));
  expect(blind.error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } });
});

test('a question the program takes back is not asked', async () => {
  const program = asks(async scene => {
    scene.text('Old?', named('old')).catch(() => {});
    scene.withdraw();
    return scene.text('New?', named('new'));
  });
  expect(keysOf(await told(callerOf(program), toolCall('ask')))).toEqual(['new']);
});

test('more questions than one round may have are asked over several', async () => {
  const count = 40;
  const caller = callerOf(
    asks(async scene => (await Promise.all(Array.from({ length: count }, (_, n) => scene.text(`${n}?`)))).join('')),
  );
  const call = toolCall('ask');
  let asked = await told(caller, call);
  const rounds: number[] = [];
  while (keysOf(asked).length > 0) {
    rounds.push(keysOf(asked).length);
    asked = await told(caller, retried(call, asked, Object.fromEntries(keysOf(asked).map(key => [key, value('.')]))));
  }
  expect(rounds).toEqual([32, 8]);
  expect(textOf(asked)).toBe('.'.repeat(count));
});
