/**
 * Tools that ask the client and await its answer, with the questions that the 2025-11-25 scenarios prescribe.
 *
 * Scenarios: `tools-call-sampling`, `tools-call-elicitation`, `elicitation-sep1034-defaults`, `elicitation-sep1330-enums`,
 * and of 2026-07-28 the parts of `server-stateless` where a capability is missing or a stream carries a question.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { ElicitRequestFormParams, ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { saying } from './content-tools.ts';

type Form = ElicitRequestFormParams['requestedSchema'];

const USER: Form = {
  type: 'object',
  properties: {
    username: { type: 'string', description: "User's response" },
    email: { type: 'string', description: "User's email address" },
  },
  required: ['username', 'email'],
};

const DEFAULTS: Form = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'User name', default: 'John Doe' },
    age: { type: 'integer', description: 'User age', default: 30 },
    score: { type: 'number', description: 'User score', default: 95.5 },
    status: {
      type: 'string',
      description: 'User status',
      enum: ['active', 'inactive', 'pending'],
      default: 'active',
    },
    verified: { type: 'boolean', description: 'Verification status', default: true },
  },
  required: [],
};

const OPTIONS = ['option1', 'option2', 'option3'];
const TITLED = [
  { const: 'value1', title: 'First Option' },
  { const: 'value2', title: 'Second Option' },
  { const: 'value3', title: 'Third Option' },
];

const ENUMS: Form = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', description: 'One of these', enum: OPTIONS },
    titledSingle: { type: 'string', description: 'One of these, with titles', oneOf: TITLED },
    legacyEnum: {
      type: 'string',
      description: 'One of these, with titles in the old way',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', description: 'Several of these', items: { type: 'string', enum: OPTIONS } },
    titledMulti: { type: 'array', description: 'Several of these, with titles', items: { anyOf: TITLED } },
  },
  required: [],
};

const completed = ({ action, content }: ElicitResult) =>
  saying(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);

export function registerAskingTools(server: McpServer): void {
  const ask = (message: string, requestedSchema: Form, relatedRequestId: string | number) =>
    server.server.elicitInput({ mode: 'form', message, requestedSchema }, { relatedRequestId });

  registerSamplingTools(server);
  server.registerTool(
    'test_elicitation',
    { description: 'Asks for a name and an address.', inputSchema: { message: z.string() } },
    async ({ message }, extra) => {
      const { action, content } = await ask(message, USER, extra.requestId);
      return saying(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`);
    },
  );
  server.registerTool('test_streaming_elicitation', { description: 'Asks within a stream.' }, async extra => {
    const { action } = await ask('What is your name?', USER, extra.requestId);
    return saying(`User response: ${action}`);
  });
  server.registerTool('test_elicitation_sep1034_defaults', { description: 'Asks with defaults.' }, async extra =>
    completed(await ask('Please review and update the form fields with defaults', DEFAULTS, extra.requestId)),
  );
  server.registerTool('test_elicitation_sep1330_enums', { description: 'Asks with every enum form.' }, async extra =>
    completed(await ask('Please select options from the enum fields', ENUMS, extra.requestId)),
  );
}

function registerSamplingTools(server: McpServer): void {
  const sample = async (text: string, relatedRequestId: string | number) => {
    const { content } = await server.server.createMessage(
      { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 100 },
      { relatedRequestId },
    );
    return saying(`LLM response: ${content.type === 'text' ? content.text : content.type}`);
  };
  server.registerTool(
    'test_sampling',
    { description: "Asks the client's language model.", inputSchema: { prompt: z.string() } },
    ({ prompt }, extra) => sample(prompt, extra.requestId),
  );
  server.registerTool(
    'test_missing_capability',
    { description: "Needs the client's language model, whether or not the client has one." },
    extra => sample('Is anybody there?', extra.requestId),
  );
}
