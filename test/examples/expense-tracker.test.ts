/** The example as its users meet it: a real client of SDK v1, connected in memory, and the example by itself over stdio. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { ClientCapabilities, ElicitRequest, ElicitResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import expenseTracker from '../../examples/expense-tracker/server.ts';
import { built } from '../support/built.ts';

let folder: string;
let closing: (() => Promise<void>)[];
const keptFile = process.env.EXPENSES_FILE;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expenses-'));
  process.env.EXPENSES_FILE = join(folder, 'deep', 'expenses.jsonl');
  closing = [];
});

afterEach(async () => {
  for (const close of closing) await close();
  await rm(folder, { recursive: true });
  if (keptFile === undefined) delete process.env.EXPENSES_FILE;
  else process.env.EXPENSES_FILE = keptFile;
});

interface Connected {
  readonly client: Client;
  readonly questions: ElicitRequest['params'][];
  readonly prompts: string[];
  readonly logs: unknown[];
  call(name: string, args?: Record<string, unknown>): Promise<{ text: string; isError: boolean }>;
}

/** A client that answers the first question with the first answer, and so on. */
async function connect(
  answers: readonly ElicitResult[] = [],
  capabilities: ClientCapabilities = { elicitation: {}, sampling: {} },
): Promise<Connected> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities });
  const questions: ElicitRequest['params'][] = [];
  const prompts: string[] = [];
  const logs: unknown[] = [];
  if ('elicitation' in capabilities) {
    client.setRequestHandler(ElicitRequestSchema, request => {
      questions.push(request.params);
      const answer = answers[questions.length - 1];
      if (answer === undefined) throw new Error(`No answer for "${request.params.message}"`);
      return answer;
    });
  }
  if ('sampling' in capabilities) {
    client.setRequestHandler(CreateMessageRequestSchema, request => {
      prompts.push(JSON.stringify(request.params.messages));
      return { role: 'assistant', model: 'canned', content: { type: 'text', text: 'Mostly food.' } };
    });
  }
  client.setNotificationHandler(LoggingMessageNotificationSchema, message => void logs.push(message.params.data));
  const [here, there] = InMemoryTransport.createLinkedPair();
  await expenseTracker().connect(there);
  await client.connect(here);
  closing.push(() => client.close());
  return {
    client,
    questions,
    prompts,
    logs,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      const [content] = result.content as { text: string }[];
      return { text: content?.text ?? '', isError: result.isError === true };
    },
  };
}

const accept = (content: NonNullable<ElicitResult['content']>): ElicitResult => ({ action: 'accept', content });
const FOUR = [
  accept({ amount: 42.5 }),
  accept({ description: 'Lunch with Ada' }),
  accept({ category: 'food' }),
  accept({ confirmation: true }),
] as const;

describe('add_expense', () => {
  test('asks four questions, each built from the answers before it, and records one expense', async () => {
    const { call, questions } = await connect(FOUR);
    expect(await call('add_expense')).toEqual({ text: 'Recorded 42.50 for "Lunch with Ada" (food).', isError: false });
    expect(questions.map(question => question.message)).toEqual([
      'How much did you spend?',
      'What were the 42.50 for?',
      'Which category fits "Lunch with Ada"?',
      'Record 42.50 for "Lunch with Ada" (food)?',
    ]);
    expect(questions[2]).toMatchObject({
      requestedSchema: {
        properties: { category: { enum: ['food', 'travel', 'lodging', 'software', 'other'] } },
        required: ['category'],
      },
    });
    const lines = (await readFile(join(folder, 'deep', 'expenses.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map(line => JSON.parse(line))).toEqual([
      expect.objectContaining({ amount: 42.5, description: 'Lunch with Ada', category: 'food' }),
    ]);
  });

  const names = ['amount', 'description', 'category', 'confirmation'];
  for (const [step, name] of names.entries()) {
    test(`ends cleanly and records nothing when the ${name} is declined`, async () => {
      const { call, questions } = await connect([...FOUR.slice(0, step), { action: 'decline' }]);
      expect(await call('add_expense')).toEqual({
        text: `Nothing was recorded: the ${name} was declined.`,
        isError: false,
      });
      expect(questions).toHaveLength(step + 1);
      expect((await call('list_expenses')).text).toBe('No expenses yet.');
    });

    test(`ends cleanly and records nothing when the form for the ${name} is closed`, async () => {
      const { call } = await connect([...FOUR.slice(0, step), { action: 'cancel' }]);
      const expected = `Nothing was recorded: the form was closed at the ${name}.`;
      expect(await call('add_expense')).toEqual({ text: expected, isError: false });
      expect((await call('list_expenses')).text).toBe('No expenses yet.');
    });
  }

  test('records nothing when the person does not confirm', async () => {
    const { call } = await connect([...FOUR.slice(0, 3), accept({ confirmation: false })]);
    const expected = 'Nothing was recorded: 42.50 for "Lunch with Ada" (food) was not confirmed.';
    expect(await call('add_expense')).toEqual({ text: expected, isError: false });
    expect((await call('list_expenses')).text).toBe('No expenses yet.');
  });

  test('asks the same questions when it is run again from the start with the same answers', async () => {
    const first = await connect(FOUR);
    const second = await connect(FOUR);
    await first.call('add_expense');
    await second.call('add_expense');
    expect(second.questions).toEqual(first.questions);
  });

  test('says what is missing to a client without forms', async () => {
    const { call } = await connect([], { sampling: {} });
    expect(await call('add_expense')).toEqual({ text: 'Client does not support form elicitation.', isError: true });
  });
});

describe('the other tools', () => {
  test('list_expenses lists what was recorded, of one category if asked', async () => {
    const travel = [accept({ amount: 7 }), accept({ description: 'Tram' }), accept({ category: 'travel' }), FOUR[3]];
    const { call } = await connect([...FOUR, ...travel]);
    await call('add_expense');
    await call('add_expense');
    expect((await call('list_expenses')).text).toMatch(/Lunch with Ada\n.*Tram$/);
    expect((await call('list_expenses', { category: 'travel' })).text).toMatch(
      /^\d{4}-\d\d-\d\d {8}7\.00 {2}travel {4}Tram$/,
    );
    expect((await call('list_expenses', { category: 'nonsense' })).isError).toBe(true);
  });

  test('analyze_spending asks the model of the client once', async () => {
    const { call, prompts } = await connect(FOUR);
    expect((await call('analyze_spending')).text).toBe('There is nothing to analyze yet. Add an expense first.');
    await call('add_expense');
    expect((await call('analyze_spending')).text).toBe('Mostly food.\n\n(Analyzed by canned.)');
    expect(prompts).toHaveLength(1);
    expect(prompts[0]).toContain('Total 42.50: food 42.50.');
  });

  test('analyze_spending says what is missing to a client without a model', async () => {
    const { call } = await connect([], { elicitation: {} });
    const { text, isError } = await call('analyze_spending');
    expect(isError).toBe(true);
    expect(text).toBe('This tool asks the language model of the client, and this client offers none (sampling).');
  });

  test('generate_report makes five steps of progress and five log messages', async () => {
    const { client, logs } = await connect();
    const steps: Progress[] = [];
    const result = await client.callTool({ name: 'generate_report' }, undefined, {
      onprogress: step => steps.push(step),
    });
    expect(steps.map(({ progress, total }) => [progress, total])).toEqual([1, 2, 3, 4, 5].map(step => [step, 5]));
    expect(logs).toEqual([
      'Reading the expenses',
      'Adding up the categories',
      'Finding the largest expense',
      'Checking the totals',
      'Writing the report',
    ]);
    expect(result.content).toEqual([{ type: 'text', text: '# Expense report\n\n0 expenses, 0.00 in all.' }]);
  });

  test('say truthfully whether they change anything', async () => {
    const { tools } = await (await connect()).client.listTools();
    expect(tools.map(tool => [tool.name, tool.annotations?.readOnlyHint])).toEqual([
      ['add_expense', false],
      ['analyze_spending', true],
      ['generate_report', true],
      ['list_expenses', true],
    ]);
  });
});

test('the resource and the prompt show the recorded expenses', async () => {
  const { client, call } = await connect(FOUR);
  await call('add_expense');
  const { contents } = await client.readResource({ uri: 'expenses://summary' });
  expect(JSON.parse((contents[0] as { text: string }).text)).toEqual({
    count: 1,
    total: 42.5,
    byCategory: { food: 42.5 },
  });
  const { messages } = await client.getPrompt({ name: 'review_spending', arguments: { focus: 'food' } });
  expect(messages).toHaveLength(1);
  expect((messages[0]?.content as { text: string }).text).toMatch(
    /Lunch with Ada\n\nLook at food above all\. Where could I save\?$/,
  );
});

test('it runs by itself over stdio', async () => {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [built('expense-tracker')] }));
  closing.push(() => client.close());
  expect((await client.listTools()).tools).toHaveLength(4);
});
