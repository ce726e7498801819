/** Tools that an SDK v1 program runs as tasks only: called as such for clients that understand tasks, refused for any other. */
import type { ToolTaskHandler } from '@modelcontextprotocol/sdk/experimental/tasks';
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult, ElicitRequestFormParams, ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { META } from '../../core/protocol/envelope.ts';
import { TASKS_DECLARED } from '../../core/protocol/tasks.ts';
import type { Caller } from '../support/programs/calling.ts';
import {
  callerOf,
  EVERY_CAPABILITY,
  memoryGuard,
  questionsIn,
  retried,
  textOf,
  told,
  toolCall,
  value,
} from '../support/programs/calling.ts';

const saying = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });
const form = (message: string): ElicitRequestFormParams => ({
  mode: 'form',
  message,
  requestedSchema: { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] },
});
const valueIn = ({ content }: ElicitResult): string => String(content?.value);

/** One tool that asks before its task is there, and one that asks within it; and how often each was begun. */
function taskProgram() {
  const begun: string[] = [];
  const program = sdkProgram(() => {
    const server = new McpServer(
      { name: 'tasks', version: '1.0.0' },
      {
        capabilities: { tasks: { requests: { tools: { call: {} } } } },
        taskStore: new InMemoryTaskStore(),
        taskMessageQueue: new InMemoryTaskMessageQueue(),
      },
    );
    const { tasks } = server.experimental;
    const reads = {
      getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
      getTaskResult: async ({ taskId, taskStore }) => (await taskStore.getTaskResult(taskId)) as CallToolResult,
    } satisfies Partial<ToolTaskHandler>;
    const description = 'A task.';
    tasks.registerToolTask(
      'first',
      { description },
      {
        async createTask({ requestId, taskStore }) {
          begun.push('first');
          const answer = valueIn(await server.server.elicitInput(form('Before?'), { relatedRequestId: requestId }));
          const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 5 });
          void taskStore.storeTaskResult(task.taskId, 'completed', saying(`first ${answer}`));
          return { task };
        },
        ...reads,
      },
    );
    tasks.registerToolTask(
      'within',
      { description },
      {
        async createTask({ taskStore }) {
          begun.push('within');
          const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 5 });
          const { taskId } = task;
          void server.server
            .elicitInput(form('Within?'), { relatedTask: { taskId } })
            .then(answer => taskStore.storeTaskResult(taskId, 'completed', saying(`within ${valueIn(answer)}`)));
          return { task };
        },
        ...reads,
      },
    );
    server.registerTool('plain', { description: 'No task.' }, () => saying('plain'));
    return server;
  });
  return { program, begun };
}

const DECLARING = { [META.clientCapabilities]: { ...EVERY_CAPABILITY, ...TASKS_DECLARED } };

async function asked(caller: Caller, name: string) {
  const call = toolCall(name, {}, DECLARING);
  const answer = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(answer));
  return { answer, go: (server: Caller) => told(server, retried(call, answer, { [key]: value('yes') })) };
}

describe('a tool that is a task only', () => {
  it('is refused to a client that declares no tasks, and says which capability it takes', async () => {
    const { program, begun } = taskProgram();
    const { error } = await told(callerOf(program), toolCall('first'));
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: TASKS_DECLARED } });
    expect(begun).toEqual([]);
    expect(textOf(await told(callerOf(program), toolCall('plain')))).toBe('plain');
  });

  it.each(['first', 'within'])('asks and goes on: %s, where it waits', async name => {
    const { program, begun } = taskProgram();
    const caller = callerOf(program, { warm: 'runs', guard: memoryGuard() });
    const { answer, go } = await asked(caller, name);
    expect(answer.result?._meta).toMatchObject(name === 'first' ? { [META.beforeTask]: true } : {});
    expect(Object.keys(Object(answer.result?._meta))).toHaveLength(name === 'first' ? 2 : 1);
    const done = await go(caller);
    expect(textOf(done)).toBe(`${name} yes`);
    expect(done.result?._meta).toEqual({ 'io.modelcontextprotocol/serverInfo': { name: 'tasks', version: '1.0.0' } });
    expect(begun).toEqual([name]);
  });

  it.each(['first', 'within'])('asks and goes on: %s, in another process', async name => {
    const { program, begun } = taskProgram();
    const { go } = await asked(callerOf(program), name);
    expect(textOf(await go(callerOf(program)))).toBe(`${name} yes`);
    expect(begun).toEqual([name, name]);
  });
});
