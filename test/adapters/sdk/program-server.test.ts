/** Real servers of every kind through the real runner: the same words, whichever SDK and style, and how many runs it took. */
import { createRequestStateCodec, inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modernServer } from '../../../core/adapters/sdk/modern-server.ts';
import type { SdkServerOptions } from '../../../core/adapters/sdk/program-server.ts';
import { sdkServer } from '../../../core/adapters/sdk/program-server.ts';
import { stdioProgram } from '../../../core/adapters/stdio/program.ts';
import type { StatelessServer } from '../../../core/ports/stateless-server.ts';
import type { ModernRequest } from '../../../core/protocol/envelope.ts';
import { built } from '../../support/built.ts';
import type { Told } from '../../support/programs/calling.ts';
import {
  callerOf,
  contextOf,
  questionsIn,
  requestOf,
  retried,
  textOf,
  told,
  toolCall,
} from '../../support/programs/calling.ts';
import { CONFIRM_FORM, introduction, NAME_FORM, said } from '../../support/servers/texts.ts';
import v1Await from '../../support/servers/v1-await.ts';
import v2Await from '../../support/servers/v2-await.ts';
import v2Mrtr, { entered } from '../../support/servers/v2-mrtr.ts';

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  unhandled.length = 0;
  for (const tool of Object.keys(entered)) delete entered[tool];
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  await new Promise(resolve => setTimeout(resolve, 5));
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

const served = (factory: SdkServerOptions['factory'], style?: SdkServerOptions['style']): StatelessServer =>
  sdkServer({ factory, runner: program => callerOf(program).server, ...(style === undefined ? {} : { style }) });

const stdioV1 = (): StatelessServer =>
  callerOf(stdioProgram({ command: process.execPath, args: [built('stdio-v1')] })).server;

type Question = { method: string; params?: Record<string, unknown> };

/** A client's answers, by what it is asked. */
const ANSWERS: Record<string, Record<string, unknown>> = {
  'What is your name?': { action: 'accept', content: { name: 'Ada' } },
  'Which colour do you like?': { action: 'accept', content: { colour: 'green' } },
  'May I say so?': { action: 'accept', content: { yes: true } },
  'The left number?': { action: 'accept', content: { number: 40 } },
  'The right number?': { action: 'accept', content: { number: 2 } },
  'sampling/createMessage': { role: 'assistant', model: 'canned', content: { type: 'text', text: 'in short' } },
  'roots/list': { roots: [{ uri: 'file:///a' }, { uri: 'file:///b' }] },
};

const wordOf = (question: Question): string => String(question.params?.message ?? question.method);

/** Makes a call and answers until it is done. `between` says which server takes the next round: another process, say. */
async function whole(
  server: StatelessServer,
  request: ModernRequest,
  answers: Record<string, Record<string, unknown>> = ANSWERS,
  between: () => StatelessServer = () => server,
): Promise<{ asked: string[][]; end: Told; notifications: Told['notifications'] }> {
  const asked: string[][] = [];
  const notifications: Told['notifications'] = [];
  let next = request;
  for (let current = server; asked.length < 10; current = between()) {
    const end = await told({ server: current, observations: [] }, next);
    notifications.push(...end.notifications);
    if (end.result?.resultType !== 'input_required') return { asked, end, notifications };
    const questions = questionsIn(end);
    asked.push(Object.values(questions).map(wordOf));
    const given = Object.entries(questions).map(([key, question]) => [key, answers[wordOf(question)] ?? {}]);
    next = retried(request, end, Object.fromEntries(given));
  }
  throw new Error(`Asked without end: ${JSON.stringify(asked)}`);
}

describe.each<[string, () => StatelessServer]>([
  ['v1 await', () => served(v1Await)],
  ['v2 await', () => served(v2Await)],
  ['v2 MRTR', () => served(v2Mrtr)],
  ['v2 MRTR, always as 2026', () => served(v2Mrtr, 'mrtr')],
  ['v2 MRTR, always replayed', () => served(v2Mrtr, 'await')],
])('%s', (_, serve) => {
  it('answers a plain call', async () => {
    const { asked, end } = await whole(serve(), toolCall('greet', { arguments: { name: 'Ada' } }));
    expect([asked, textOf(end), end.result?.resultType]).toEqual([[], 'Hello, Ada!', 'complete']);
  });

  it('asks three questions in sequence', async () => {
    const { asked, end } = await whole(serve(), toolCall('introduce'));
    expect(asked).toEqual([['What is your name?'], ['Which colour do you like?'], ['May I say so?']]);
    expect(textOf(end)).toBe('Ada likes green.');
  });

  it('asks in sequence across processes: every round is served by another', async () => {
    const { asked, end } = await whole(serve(), toolCall('introduce'), ANSWERS, serve);
    expect(asked).toEqual([['What is your name?'], ['Which colour do you like?'], ['May I say so?']]);
    expect(textOf(end)).toBe('Ada likes green.');
  });

  it.each(['decline', 'cancel'])('ends when the second question is answered with %s', async action => {
    const answers = { ...ANSWERS, 'Which colour do you like?': { action } };
    const { asked, end } = await whole(serve(), toolCall('introduce'), answers);
    expect(asked).toHaveLength(2);
    expect(textOf(end)).toBe(`No introduction (${action}).`);
  });

  it('asks two questions at once', async () => {
    const { asked, end } = await whole(serve(), toolCall('compare'));
    expect(asked).toEqual([['The left number?', 'The right number?']]);
    expect(textOf(end)).toBe('42 in all.');
  });

  it('samples', async () => {
    const { asked, end } = await whole(serve(), toolCall('summarize', { arguments: { text: 'long' } }));
    expect([asked, textOf(end)]).toEqual([[['sampling/createMessage']], 'Summary: in short']);
  });

  it('asks for the roots', async () => {
    const { asked, end } = await whole(serve(), toolCall('list_roots'));
    expect([asked, textOf(end)]).toEqual([[['roots/list']], 'Roots: file:///a, file:///b']);
  });

  it('reports progress and logs', async () => {
    const meta = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' };
    const { end, notifications } = await whole(serve(), toolCall('count', { arguments: { to: 3 } }, meta));
    expect(textOf(end)).toBe('Counted to 3.');
    const progress = notifications.filter(({ method }) => method === 'notifications/progress');
    expect(progress.map(({ params }) => params?.progress)).toEqual([1, 2, 3]);
    expect(notifications.filter(({ method }) => method === 'notifications/message')).toMatchObject([
      { params: { level: 'info', data: 'counted to 3' } },
    ]);
  });

  it('says what it is', async () => {
    const { end } = await whole(serve(), requestOf('server/discover'));
    expect(end.result).toMatchObject({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } });
  });

  it('says that a tool is unknown', async () => {
    const { end } = await whole(serve(), toolCall('no_such_tool'));
    expect(end.error ?? end.result).toSatisfy(value => JSON.stringify(value).includes('no_such_tool'));
  });
});

describe('stdio v1 await', () => {
  it('asks in sequence, every round in a process of its own', async () => {
    const { asked, end } = await whole(stdioV1(), toolCall('introduce'), ANSWERS, stdioV1);
    expect(asked).toEqual([['What is your name?'], ['Which colour do you like?'], ['May I say so?']]);
    expect(textOf(end)).toBe('Ada likes green.');
  });

  it('asks two questions at once', async () => {
    const { asked, end } = await whole(stdioV1(), toolCall('compare'));
    expect([asked, textOf(end)]).toEqual([[['The left number?', 'The right number?']], '42 in all.']);
  });

  it('samples, and asks for the roots', async () => {
    const sampled = await whole(stdioV1(), toolCall('summarize', { arguments: { text: 'long' } }));
    expect([sampled.asked, textOf(sampled.end)]).toEqual([[['sampling/createMessage']], 'Summary: in short']);
    const rooted = await whole(stdioV1(), toolCall('list_roots'));
    expect([rooted.asked, textOf(rooted.end)]).toEqual([[['roots/list']], 'Roots: file:///a, file:///b']);
  });
});

describe('a handler that returns its questions', () => {
  it('is entered once a round, not once for every earlier round as well', async () => {
    await whole(served(v2Mrtr), toolCall('introduce'));
    expect(entered.introduce).toBe(4);
  });

  it('would be entered again and again under replay, which is why it is not replayed', async () => {
    await whole(served(v2Mrtr, 'await'), toolCall('introduce'));
    expect(entered.introduce).toBe(10);
  });

  it('has its own requestState passed through, and its own keys', async () => {
    const end = await told({ server: served(v2Mrtr), observations: [] }, toolCall('introduce'));
    expect(end.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { name: { method: 'elicitation/create', params: NAME_FORM } },
      requestState: '{}',
    });
  });

  it('is given a state that says nothing where it makes none, and is never shown it', async () => {
    const seen: unknown[] = [];
    const factory = () => {
      const mcp = new McpServer({ name: 'stateless', version: '1.0.0' });
      mcp.registerTool('go', {}, async ctx => {
        seen.push(ctx.mcpReq.requestState());
        const view = inputResponse(ctx.mcpReq.inputResponses, 'ok');
        if (view.kind === 'elicit') return said(view.action);
        return inputRequired({ inputRequests: { ok: inputRequired.elicit(CONFIRM_FORM) } });
      });
      return mcp;
    };
    const { asked, end } = await whole(served(factory), toolCall('go'));
    expect([asked, textOf(end), seen]).toEqual([[['May I say so?']], 'accept', [undefined, undefined]]);
  });

  it('may sign its state: what was made in the first round holds in the second', async () => {
    const codec = createRequestStateCodec<{ step: number }>({ key: 'k'.repeat(32), bind: ctx => ctx.mcpReq.method });
    const factory = () => {
      const mcp = new McpServer({ name: 'signed', version: '1.0.0' }, { requestState: { verify: codec.verify } });
      mcp.registerTool('go', {}, async ctx => {
        const step = ctx.mcpReq.requestState<{ step: number }>()?.step ?? 0;
        if (step === 2) return said('two steps');
        const requestState = await codec.mint({ step: step + 1 }, ctx);
        return inputRequired({ inputRequests: { ok: inputRequired.elicit(CONFIRM_FORM) }, requestState });
      });
      return mcp;
    };
    const { asked, end } = await whole(served(factory), toolCall('go'));
    expect([asked.length, textOf(end)]).toEqual([2, 'two steps']);
    const tampered = { ...toolCall('go').params, requestState: 'v1.forged.state', inputResponses: {} };
    const refused = await told({ server: served(factory), observations: [] }, { ...toolCall('go'), params: tampered });
    expect(refused.error).toMatchObject({ code: -32602, message: 'Invalid or expired requestState' });
  });

  it('is refused by the SDK itself where the client cannot answer', async () => {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } };
    const end = await told({ server: served(v2Mrtr), observations: [] }, toolCall('introduce', {}, meta));
    expect(end.error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: {} } } });
  });

  it('may await as well, and is then replayed', async () => {
    const factory = () => {
      const mcp = new McpServer({ name: 'mixed', version: '1.0.0' });
      mcp.registerTool('go', {}, async ctx => {
        const name = await ctx.mcpReq.elicitInput(NAME_FORM);
        const view = inputResponse(ctx.mcpReq.inputResponses, 'ok');
        if (view.kind === 'elicit') return introduction(name.content?.name, view.action);
        return inputRequired({ inputRequests: { ok: inputRequired.elicit(CONFIRM_FORM) } });
      });
      return mcp;
    };
    // The SDK's shim enters the handler again in the same run, so it awaits its first question twice.
    const { asked, end } = await whole(served(factory), toolCall('go'));
    expect(asked).toEqual([['What is your name?'], ['May I say so?'], ['What is your name?']]);
    expect(textOf(end)).toBe('Ada likes accept.');
  });

  it('may also be a prompt or a resource', async () => {
    const factory = () => {
      const mcp = new McpServer({ name: 'others', version: '1.0.0' });
      mcp.registerPrompt('letter', {}, async ctx => {
        const view = inputResponse(ctx.mcpReq.inputResponses, 'name');
        if (view.kind !== 'elicit') return inputRequired({ inputRequests: { name: inputRequired.elicit(NAME_FORM) } });
        const text = `Dear ${String(view.content?.name)}`;
        return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
      });
      mcp.registerResource('note', 'memo://note', {}, async (uri, ctx) => {
        const view = inputResponse(ctx.mcpReq.inputResponses, 'name');
        if (view.kind !== 'elicit') return inputRequired({ inputRequests: { name: inputRequired.elicit(NAME_FORM) } });
        return { contents: [{ uri: uri.href, text: `Of ${String(view.content?.name)}` }] };
      });
      return mcp;
    };
    const prompt = await whole(served(factory), requestOf('prompts/get', { name: 'letter' }));
    expect(prompt.end.result).toMatchObject({ messages: [{ content: { text: 'Dear Ada' } }] });
    const resource = await whole(served(factory), requestOf('resources/read', { uri: 'memo://note' }));
    expect(resource.end.result).toMatchObject({ contents: [{ text: 'Of Ada' }] });
  });
});

describe('a handler that awaits its questions', () => {
  it('is left to the runner whoever made the state that comes with it', async () => {
    for (const factory of [v1Await, v2Await]) {
      const forged = { ...toolCall('introduce').params, requestState: 'fermata1.forged.state' };
      const request = { ...toolCall('introduce'), params: forged };
      await expect(told({ server: served(factory), observations: [] }, request)).rejects.toMatchObject({
        code: 'state_rejected',
      });
    }
    const foreign = {
      ...toolCall('introduce'),
      params: { ...toolCall('introduce').params, requestState: 'somebody else' },
    };
    await expect(told({ server: served(v1Await), observations: [] }, foreign)).rejects.toMatchObject({
      code: 'state_rejected',
    });
  });
});

describe('a server called as 2026-07-28', () => {
  const echo = () => {
    const mcp = new McpServer({ name: 'echo', version: '1.0.0' });
    mcp.registerTool('größe', { inputSchema: z.object({ text: z.string() }) }, async ({ text }) => said(text));
    return mcp;
  };

  it('takes names that no header can hold', async () => {
    const end = await told(
      { server: modernServer(echo), observations: [] },
      toolCall('größe', { arguments: { text: 'ü' } }),
    );
    expect(textOf(end)).toBe('ü');
  });

  it('aborts the handler when nobody wants the answer any more', async () => {
    let aborted: Promise<unknown> | undefined;
    let entered = () => {};
    const inside = new Promise<void>(resolve => {
      entered = resolve;
    });
    const server = modernServer(() => {
      const mcp = new McpServer({ name: 'slow', version: '1.0.0' });
      mcp.registerTool('go', {}, ctx => {
        aborted = new Promise(resolve => ctx.mcpReq.signal.addEventListener('abort', () => resolve('aborted')));
        entered();
        return new Promise(() => {});
      });
      return mcp;
    });
    const client = new AbortController();
    const call = told({ server, observations: [] }, toolCall('go'), { signal: client.signal });
    await inside;
    client.abort();
    expect(await call).toEqual({ notifications: [] });
    expect(await aborted).toBe('aborted');
  });

  it('aborts the handler when the caller stops reading', async () => {
    let aborted: Promise<unknown> | undefined;
    const server = modernServer(() => {
      const mcp = new McpServer({ name: 'chatty', version: '1.0.0' });
      mcp.registerTool('go', {}, async ctx => {
        aborted = new Promise(resolve => ctx.mcpReq.signal.addEventListener('abort', () => resolve('aborted')));
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } });
        return new Promise(() => {});
      });
      return mcp;
    });
    for await (const message of server(toolCall('go', {}, { progressToken: 'p' }), contextOf())) {
      expect(message).toMatchObject({ method: 'notifications/progress' });
      break;
    }
    expect(await aborted).toBe('aborted');
  });

  it('streams what it listens to, until the listener leaves', async () => {
    const server = modernServer(() => {
      const mcp = new McpServer({ name: 'changing', version: '1.0.0' });
      mcp.registerTool('change', {}, async () => {
        mcp.sendToolListChanged();
        return said('changed');
      });
      return mcp;
    });
    const client = new AbortController();
    const listening = requestOf('subscriptions/listen', { notifications: { toolsListChanged: true } }, {}, 'listen');
    const methods: string[] = [];
    for await (const message of server(listening, contextOf({ signal: client.signal }))) {
      if (!('method' in message)) throw new Error(`Unexpected: ${JSON.stringify(message)}`);
      methods.push(message.method);
      if (methods.length === 1) await told({ server, observations: [] }, toolCall('change'));
      else client.abort();
    }
    expect(methods).toEqual(['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed']);
  });

  it('says why it cannot be built', async () => {
    const caller = (factory: SdkServerOptions['factory']) => ({ server: modernServer(factory), observations: [] });
    await expect(told(caller(v1Await), toolCall('greet'))).rejects.toMatchObject({
      code: 'program_unstartable',
      message:
        'v1Await is built with SDK v1, which cannot return input_required. Use the style "await" or "auto" for it, or SDK v2.',
    });
    const broken = () => {
      throw new Error('no database');
    };
    await expect(told(caller(broken), toolCall('greet'))).rejects.toMatchObject({
      code: 'program_unstartable',
      message: 'The server of broken could not be built: its factory threw: no database',
    });
  });
});
