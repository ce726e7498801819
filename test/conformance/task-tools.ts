/**
 * Tools that the scenarios of the extension for tasks prescribe (SEP-2663): quick ones, slow ones, some that fail, and some that
 * ask.
 *
 * Most are ordinary tools: that a slow or an asking call becomes a task is the business of whoever serves it. Two are
 * registered as the SDK's own tasks of 2025-11-25, which can be called in no other way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateTaskRequestHandlerExtra, ToolTaskHandler } from '@modelcontextprotocol/sdk/experimental/tasks';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { saying } from './content-tools.ts';
import { askField } from './round-trip-tools.ts';

/** Longer than our server waits for a result before it makes a task of the call. */
const JOB_MS = 800;

export function registerTaskTools(server: McpServer): void {
  server.registerTool('greet', { description: 'Greets, at once.', inputSchema: { name: z.string() } }, ({ name }) =>
    saying(`Hello, ${name}!`),
  );
  server.registerTool(
    'slow_compute',
    {
      description: 'Computes for as long as it is told to.',
      inputSchema: { seconds: z.number(), label: z.string() },
      annotations: { readOnlyHint: true },
    },
    async ({ seconds, label }, { signal }) => {
      await sleep(seconds * 1_000, undefined, { signal });
      return saying(`${label}: computed for ${seconds} s`);
    },
  );
  server.registerTool('protocol_error_job', { description: 'Breaks down in the middle of its work.' }, async () => {
    await sleep(JOB_MS);
    await server.close();
    return saying('Nobody hears this.');
  });
  registerAskingTasks(server);
  registerRequiredTasks(server);
}

function registerAskingTasks(server: McpServer): void {
  const confirmed = { message: 'Really?', field: 'confirm', schema: { type: 'boolean' } } as const;
  server.registerTool(
    'confirm_delete',
    { description: 'Deletes a file if it may.', inputSchema: { filename: z.string() } },
    async ({ filename }, { requestId }) =>
      saying(`${filename}: ${await askField(server, requestId, { ...confirmed, key: 'confirm' })}`),
  );
  server.registerTool('multi_input', { description: 'Asks two questions at once.' }, async ({ requestId }) => {
    const question = { message: 'And you?', field: 'name' };
    const answers = [1, 2].map(n => askField(server, requestId, { ...question, key: `person_${n}` }));
    return saying((await Promise.all(answers)).join(' and '));
  });
}

/** Tasks of the SDK's own making: what is done before the task is there, and what comes of it a while later. */
function registerRequiredTasks(server: McpServer): void {
  const job = (before: (requestId: string | number) => Promise<CallToolResult>): ToolTaskHandler => ({
    async createTask(extra: CreateTaskRequestHandlerExtra) {
      const result = await before(extra.requestId);
      const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 50 });
      const status = result.isError === true ? 'failed' : 'completed';
      setTimeout(() => extra.taskStore.storeTaskResult(task.taskId, status, result), JOB_MS);
      return { task };
    },
    getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
    getTaskResult: async ({ taskId, taskStore }) => (await taskStore.getTaskResult(taskId)) as CallToolResult,
  });
  const { tasks } = server.experimental;
  const execution = { taskSupport: 'required' } as const;
  tasks.registerToolTask(
    'failing_job',
    { description: 'Fails, after a while.', execution },
    job(async () => ({ ...saying('The job failed.'), isError: true })),
  );
  tasks.registerToolTask(
    'test_tool_with_task',
    { description: 'Asks for a name first, then works on it.', execution },
    job(async id =>
      saying(`Worked for ${await askField(server, id, { key: 'user_name', message: 'Name?', field: 'name' })}.`),
    ),
  );
}
