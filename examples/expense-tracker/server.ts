/**
 * An expense tracker: an ordinary await-style server, written with version 1 of the MCP SDK.
 *
 * Its tools are the three scenarios that AWS published for the stateful MCP of Bedrock AgentCore: a form in steps
 * (elicitation), an analysis by the client's model (sampling) and a report that takes a while (progress). It holds no state
 * between calls. Run it by itself over stdio with `stdio.ts`, or behind anything that can start a factory.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type {
  CallToolResult,
  CreateMessageResult,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { addExpense } from './add-expense.ts';
import { CATEGORIES, money, readExpenses } from './expenses.ts';
import { listOf, reportOf, summaryOf, totalOf, totalsByCategory } from './report.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** How long a person or a model may take to answer. The SDK's own default is one minute. */
const PATIENCE_MS = 60 * 60_000;
/** How long each of the five steps of a report takes. */
const STEP_MS = 400;

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] });
const failure = (value: string): CallToolResult => ({ ...text(value), isError: true });

/** A fresh server. Every connection gets its own. */
export default function expenseTracker(): McpServer {
  const server = new McpServer(
    { name: 'expense-tracker', title: 'Expense tracker', version: '1.0.0' },
    {
      capabilities: { logging: {} },
      instructions: 'Record expenses by asking the person, then analyse or report them.',
    },
  );
  registerTools(server);
  registerSummary(server);
  registerReview(server);
  return server;
}

function registerTools(server: McpServer): void {
  server.registerTool(
    'add_expense',
    {
      title: 'Add an expense',
      description: 'Asks the person for amount, description, category and confirmation, then records one expense.',
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    async extra =>
      text(
        await addExpense(form =>
          server.server.elicitInput(form, { relatedRequestId: extra.requestId, timeout: PATIENCE_MS }),
        ),
      ),
  );
  server.registerTool(
    'analyze_spending',
    {
      title: 'Analyze spending',
      description: "Has the client's language model comment on the recorded expenses.",
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    extra => analyzeSpending(server, extra),
  );
  server.registerTool(
    'generate_report',
    {
      title: 'Generate a report',
      description:
        'Writes a report of all expenses in five steps of about 0.4 seconds, with progress and log messages.',
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    extra => generateReport(server, extra),
  );
  server.registerTool(
    'list_expenses',
    {
      title: 'List expenses',
      description: 'Lists the recorded expenses, of one category if given.',
      inputSchema: { category: z.enum(CATEGORIES).optional().describe('Only the expenses of this category') },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ category }) =>
      text(listOf((await readExpenses()).filter(e => category === undefined || e.category === category))),
  );
}

async function analyzeSpending(server: McpServer, extra: Extra): Promise<CallToolResult> {
  if (server.server.getClientCapabilities()?.sampling === undefined) {
    return failure('This tool asks the language model of the client, and this client offers none (sampling).');
  }
  const expenses = await readExpenses();
  if (expenses.length === 0) return text('There is nothing to analyze yet. Add an expense first.');
  const totals = totalsByCategory(expenses).map(([category, total]) => `${category} ${money(total)}`);
  const prompt = `In three sentences, what stands out in this spending? Total ${money(totalOf(expenses))}: ${totals.join(', ')}.`;
  const answer = await server.server.createMessage(
    {
      systemPrompt: 'You are a careful bookkeeper.',
      messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
      maxTokens: 300,
    },
    { relatedRequestId: extra.requestId, timeout: PATIENCE_MS },
  );
  return text(`${textOf(answer)}\n\n(Analyzed by ${answer.model}.)`);
}

const textOf = (answer: CreateMessageResult): string =>
  answer.content.type === 'text' ? answer.content.text : `The model answered with ${answer.content.type}.`;

const REPORT_STEPS = [
  'Reading the expenses',
  'Adding up the categories',
  'Finding the largest expense',
  'Checking the totals',
  'Writing the report',
] as const;

async function generateReport(server: McpServer, extra: Extra): Promise<CallToolResult> {
  const progressToken = extra._meta?.progressToken;
  for (const [done, message] of REPORT_STEPS.entries()) {
    await server.server.sendLoggingMessage({ level: 'info', logger: 'report', data: message }, extra.sessionId);
    await pause(STEP_MS, undefined, { signal: extra.signal });
    if (progressToken === undefined) continue;
    const params = { progressToken, progress: done + 1, total: REPORT_STEPS.length, message };
    await extra.sendNotification({ method: 'notifications/progress', params });
  }
  return text(reportOf(await readExpenses()));
}

function registerSummary(server: McpServer): void {
  server.registerResource(
    'summary',
    'expenses://summary',
    {
      title: 'Summary',
      description: 'How many expenses there are and what they add up to.',
      mimeType: 'application/json',
    },
    async uri => {
      const summary = JSON.stringify(summaryOf(await readExpenses()), undefined, 2);
      return { contents: [{ uri: uri.href, mimeType: 'application/json', text: summary }] };
    },
  );
}

function registerReview(server: McpServer): void {
  server.registerPrompt(
    'review_spending',
    {
      title: 'Review my spending',
      description: 'Starts a conversation about the recorded expenses.',
      argsSchema: { focus: z.string().optional().describe('What to look at, for example "travel"') },
    },
    async ({ focus }) => {
      const list = listOf(await readExpenses());
      const ask = focus === undefined ? 'Where could I save?' : `Look at ${focus} above all. Where could I save?`;
      return {
        messages: [{ role: 'user', content: { type: 'text', text: `Here are my expenses:\n\n${list}\n\n${ask}` } }],
      };
    },
  );
}
