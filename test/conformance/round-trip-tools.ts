/**
 * Tools that await answers whose keys the 2026-07-28 scenarios prescribe (SEP-2322, "Multi round-trip requests").
 *
 * Every one is an ordinary `await`; that it becomes `input_required`, `requestState` and another round is the business of
 * whoever serves it. Scenarios: `input-required-result-*`.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { saying } from './content-tools.ts';

/** Names a question; the same string as `META.inputKey`, which an author would read in the documentation. */
export const keyed = (key: string) => ({ 'dev.fermata/inputKey': key });

/** Asks a form of one required field and gives the field's value, or the action where nothing was accepted. */
export async function askField(
  server: McpServer,
  requestId: string | number,
  question: { key: string; message: string; field: string; schema?: { type: 'string' } | { type: 'boolean' } },
): Promise<string> {
  const { key, message, field, schema = { type: 'string' } } = question;
  const answer = await server.server.elicitInput(
    {
      mode: 'form',
      message,
      requestedSchema: { type: 'object', properties: { [field]: schema }, required: [field] },
      _meta: keyed(key),
    },
    { relatedRequestId: requestId },
  );
  return String(answer.content?.[field] ?? answer.action);
}

const NAME = { key: 'user_name', message: 'What is your name?', field: 'name' };
const CONFIRM = { key: 'confirm', message: 'Please confirm', field: 'ok', schema: { type: 'boolean' } } as const;

export function registerRoundTripTools(server: McpServer): void {
  registerSingleQuestions(server);
  registerSeveralQuestions(server);
}

function registerSingleQuestions(server: McpServer): void {
  const tool = (name: string, description: string, run: (requestId: string | number) => Promise<string>) =>
    server.registerTool(`test_input_required_result_${name}`, { description }, async extra =>
      saying(await run(extra.requestId)),
    );

  tool('elicitation', 'Asks for a name.', async id => `Hello, ${await askField(server, id, NAME)}!`);
  tool('sampling', 'Asks a language model.', id =>
    sampleText(server, id, { key: 'capital_question', text: 'What is the capital of France?', maxTokens: 100 }),
  );
  tool('list_roots', "Asks for the client's roots.", id => rootNames(server, id));
  tool(
    'request_state',
    'Asks for a confirmation; what it did before the question must still hold after it.',
    async id => `state-ok: ${await askField(server, id, CONFIRM)}`,
  );
  tool(
    'tampered_state',
    'Asks for a confirmation that nobody may forge.',
    async id => `confirmed: ${await askField(server, id, CONFIRM)}`,
  );
}

function registerSeveralQuestions(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks three questions at once.' },
    async ({ requestId }) => {
      const answers = await Promise.all([
        askField(server, requestId, NAME),
        sampleText(server, requestId, { key: 'greeting', text: 'Generate a greeting', maxTokens: 50 }),
        rootNames(server, requestId),
      ]);
      return saying(answers.join(' | '));
    },
  );
  server.registerTool(
    'test_input_required_result_multi_round',
    { description: 'Asks one question after the other.' },
    async ({ requestId }) => {
      const name = await askField(server, requestId, {
        key: 'step1',
        message: 'Step 1: What is your name?',
        field: 'name',
      });
      const color = await askField(server, requestId, {
        key: 'step2',
        message: 'Step 2: What is your favorite color?',
        field: 'color',
      });
      return saying(`${name} likes ${color}.`);
    },
  );
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only what the client can answer.' },
    async ({ requestId }) => {
      const can = server.server.getClientCapabilities();
      const answers = await Promise.all([
        ...(can?.elicitation ? [askField(server, requestId, NAME)] : []),
        ...(can?.sampling ? [sampleText(server, requestId, { key: 'greeting', text: 'Say hi', maxTokens: 50 })] : []),
      ]);
      return saying(answers.join(' | ') || 'The client can answer nothing.');
    },
  );
}

async function sampleText(
  server: McpServer,
  relatedRequestId: string | number,
  question: { key: string; text: string; maxTokens: number },
): Promise<string> {
  const { content } = await server.server.createMessage(
    {
      messages: [{ role: 'user', content: { type: 'text', text: question.text } }],
      maxTokens: question.maxTokens,
      _meta: keyed(question.key),
    },
    { relatedRequestId },
  );
  return content.type === 'text' ? content.text : content.type;
}

async function rootNames(server: McpServer, relatedRequestId: string | number): Promise<string> {
  const { roots } = await server.server.listRoots({ _meta: keyed('client_roots') }, { relatedRequestId });
  return roots.map(root => root.name ?? root.uri).join(', ');
}
