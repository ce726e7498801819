/** A server of SDK v1 whose tools run as tasks only (2025-11-25, experimental): some work, some ask, and one never ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateTaskRequestHandlerExtra, ToolTaskHandler } from '@modelcontextprotocol/sdk/experimental/tasks';
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult, ElicitRequestFormParams } from '@modelcontextprotocol/sdk/types.js';
import { COLOUR_FORM, NAME_FORM, said } from './texts.ts';

/** What a tool does: before its task is there, and in it. */
interface Work {
  readonly before?: (extra: CreateTaskRequestHandlerExtra) => Promise<unknown>;
  readonly within: (extra: CreateTaskRequestHandlerExtra, taskId: string, given: unknown) => Promise<CallToolResult>;
}

/** `store` is looked into by tests, and what is slow works until `released`. */
export default function v1Tasks(
  store: InMemoryTaskStore = new InMemoryTaskStore(),
  released: Promise<unknown> = Promise.resolve(),
): McpServer {
  const mcp = new McpServer(
    { name: 'v1-tasks', version: '1.0.0' },
    {
      capabilities: { tasks: { cancel: {}, requests: { tools: { call: {} } } } },
      taskStore: store,
      taskMessageQueue: new InMemoryTaskMessageQueue(),
      defaultTaskPollInterval: 20,
    },
  );
  const { server } = mcp;

  async function ask(form: ElicitRequestFormParams, options: Parameters<typeof server.elicitInput>[1]) {
    const { action, content } = await server.elicitInput(form, options);
    return String(Object.values(content ?? {})[0] ?? action);
  }

  const works: Record<string, Work> = {
    work: { within: () => sleep(50, said('Worked.')) },
    fail: { within: async () => ({ ...said('It failed.'), isError: true }) },
    slow: { within: () => released.then(() => said('Slowly.')) },
    ask_late: {
      within: (_, taskId) => released.then(async () => said(await ask(NAME_FORM, { relatedTask: { taskId } }))),
    },
    never: { within: () => new Promise(() => undefined) },
    ask: { within: async (_, taskId) => said(await ask(NAME_FORM, { relatedTask: { taskId } })) },
    ask_twice: {
      within: async (_, taskId) => {
        const name = await ask(NAME_FORM, { relatedTask: { taskId } });
        return said(`${name}, ${await ask(COLOUR_FORM, { relatedTask: { taskId } })}`);
      },
    },
    ask_first: {
      before: ({ requestId }) => ask(NAME_FORM, { relatedRequestId: requestId }),
      within: async (_, __, name) => said(String(name)),
    },
    report: {
      within: async ({ _meta }, taskId) => {
        const params = { progressToken: _meta?.progressToken ?? 0, progress: 1 };
        await server.notification({ method: 'notifications/progress', params }, { relatedTask: { taskId } });
        return said('Reported.');
      },
    },
  };
  const execution = { taskSupport: 'required' } as const;
  for (const [name, work] of Object.entries(works))
    mcp.experimental.tasks.registerToolTask(name, { description: 'A task.', execution }, handlerOf(work));
  mcp.registerTool('plain', { description: 'No task.' }, () => said('No task.'));
  return mcp;
}

const handlerOf = ({ before, within }: Work): ToolTaskHandler => ({
  async createTask(extra: CreateTaskRequestHandlerExtra) {
    const given = await before?.(extra);
    const { taskStore, taskRequestedTtl } = extra;
    const task = await taskStore.createTask({ ttl: taskRequestedTtl ?? null, pollInterval: 20 });
    void within(extra, task.taskId, given)
      .then(result => taskStore.storeTaskResult(task.taskId, result.isError === true ? 'failed' : 'completed', result))
      .catch(() => undefined);
    return { task };
  },
  getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
  getTaskResult: async ({ taskId, taskStore }) => (await taskStore.getTaskResult(taskId)) as CallToolResult,
});
