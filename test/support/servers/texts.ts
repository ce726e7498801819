/** What the servers under test say and ask: the same words in every SDK and style, so that results can be compared. */
import type { ElicitRequestFormParams } from '@modelcontextprotocol/server';

export const NAME_FORM = {
  message: 'What is your name?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
} satisfies ElicitRequestFormParams;

export const COLOUR_FORM = {
  message: 'Which colour do you like?',
  requestedSchema: {
    type: 'object',
    properties: { colour: { type: 'string', enum: ['green', 'blue'] } },
    required: ['colour'],
  },
} satisfies ElicitRequestFormParams;

export const CONFIRM_FORM = {
  message: 'May I say so?',
  requestedSchema: { type: 'object', properties: { yes: { type: 'boolean' } }, required: ['yes'] },
} satisfies ElicitRequestFormParams;

export const LEFT_FORM = {
  message: 'The left number?',
  requestedSchema: { type: 'object', properties: { number: { type: 'number' } }, required: ['number'] },
} satisfies ElicitRequestFormParams;

export const RIGHT_FORM = { ...LEFT_FORM, message: 'The right number?' } satisfies ElicitRequestFormParams;

export const samplingFor = (text: string) => ({
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: `Summarize: ${text}` } }],
  maxTokens: 100,
});

export const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

export const greeting = (name: unknown) => said(`Hello, ${String(name)}!`);
export const introduction = (name: unknown, colour: unknown) => said(`${String(name)} likes ${String(colour)}.`);
export const noIntroduction = (action: string) => said(`No introduction (${action}).`);
export const comparison = (left: unknown, right: unknown) => said(`${Number(left) + Number(right)} in all.`);
export const summary = (content: unknown) => said(`Summary: ${textOf(content)}`);
export const rootList = (roots: readonly { uri: string }[]) => said(`Roots: ${roots.map(root => root.uri).join(', ')}`);
export const counted = (to: number) => said(`Counted to ${to}.`);

function textOf(content: unknown): string {
  const block: unknown = Array.isArray(content) ? content[0] : content;
  return typeof block === 'object' && block !== null && 'text' in block ? String(block.text) : '';
}
