/** What each older revision gets in place of what it does not know. */
import { describe, expect, it } from 'vitest';
import { projectedError, projectedQuestion, projectedResult } from '../../core/bridge/legacy-projection.ts';
import type { InputRequests } from '../../core/protocol/envelope.ts';

const form = (properties: Record<string, unknown>, required: string[] = []) =>
  ({
    method: 'elicitation/create',
    params: { mode: 'form', message: 'm', requestedSchema: { $schema: 's', type: 'object', properties, required } },
  }) as InputRequests[string];

const TITLED = { type: 'string', title: 'T', oneOf: [{ const: 'a', title: 'A' }, { const: 'b' }], default: 'a' };
const SEVERAL = { type: 'array', items: { type: 'string', enum: ['x', 'y'] } };

describe('a form', () => {
  it('is untouched for 2025-11-25', () => {
    const question = form({ colour: TITLED, tags: SEVERAL }, ['tags']);
    expect(projectedQuestion(question, '2025-11-25')).toEqual({ question });
  });

  it('has one plain choice, and defaults for booleans only, in 2025-06-18', () => {
    const fields = { colour: TITLED, sure: { type: 'boolean', default: true }, age: { type: 'integer', default: 3 } };
    expect(projectedQuestion(form({ ...fields, tags: SEVERAL }, ['colour']), '2025-06-18')).toEqual({
      question: {
        method: 'elicitation/create',
        params: {
          message: 'm',
          requestedSchema: {
            type: 'object',
            properties: {
              colour: { type: 'string', title: 'T', enum: ['a', 'b'], enumNames: ['A', 'b'] },
              sure: { type: 'boolean', default: true },
              age: { type: 'integer' },
            },
            required: ['colour'],
          },
        },
      },
    });
  });

  it('that needs several choices cannot be asked of 2025-06-18', () => {
    expect(projectedQuestion(form({ tags: SEVERAL }, ['tags']), '2025-06-18')).toEqual({
      inexpressible: 'a form that needs several choices in "tags"',
    });
  });
});

describe('sampling', () => {
  const ask = (content: unknown, more: Record<string, unknown> = {}) =>
    ({
      method: 'sampling/createMessage',
      params: { messages: [{ role: 'user', content }], maxTokens: 5, ...more },
    }) as InputRequests[string];
  const words = (text: string) => ({ type: 'text', text });

  it('with several blocks becomes several messages before 2025-11-25', () => {
    expect(projectedQuestion(ask([words('a'), words('b')]), '2025-06-18')).toEqual({
      question: {
        method: 'sampling/createMessage',
        params: {
          messages: [
            { role: 'user', content: words('a') },
            { role: 'user', content: words('b') },
          ],
          maxTokens: 5,
        },
      },
    });
  });

  it.each([
    ['2025-06-18', ask(words('a'), { tools: [] }), 'sampling with tools'],
    ['2025-06-18', ask([{ type: 'tool_use' }]), 'sampling with content of type "tool_use"'],
    ['2024-11-05', ask({ type: 'audio' }), 'sampling with content of type "audio"'],
  ] as const)('of what %s does not know is refused', (revision, question, inexpressible) => {
    expect(projectedQuestion(question, revision)).toEqual({ inexpressible });
  });
});

describe('a result', () => {
  const link = { type: 'resource_link', uri: 'file:///a', name: 'a' };
  const audio = { type: 'audio', data: '', mimeType: 'audio/wav' };

  it.each([
    ['2025-06-18', [link, audio]],
    ['2025-03-26', [{ type: 'text', text: 'a: file:///a' }, audio]],
    [
      '2024-11-05',
      [
        { type: 'text', text: 'a: file:///a' },
        { type: 'text', text: "[audio of type audio/wav, which this client's protocol cannot carry]" },
      ],
    ],
  ] as const)('has blocks that %s knows', (revision, content) => {
    expect(projectedResult({ content: [link, audio] }, revision)).toEqual({ content });
  });

  it('of structured content alone is text before 2025-06-18', () => {
    expect(projectedResult({ structuredContent: { n: 1 }, content: [] }, '2025-03-26')).toEqual({
      content: [{ type: 'text', text: '{"n":1}' }],
    });
  });

  it('lists tools whose output is described as it is sent', () => {
    const tools = [{ name: 't', outputSchema: { $schema: 's', type: 'array' } }];
    expect(projectedResult({ tools }, '2025-11-25')).toEqual({
      tools: [
        {
          name: 't',
          outputSchema: {
            $schema: 's',
            type: 'object',
            properties: { result: { type: 'array' } },
            required: ['result'],
          },
        },
      ],
    });
    expect(projectedResult({ tools }, '2025-03-26')).toEqual({ tools: [{ name: 't' }] });
  });
});

describe('an error', () => {
  it('for a resource that is not there has the code of its era', () => {
    const error = { code: -32602, message: 'no', data: { uri: 'x:' } };
    expect(projectedError('resources/read', error, '2025-11-25')).toEqual({ error: { ...error, code: -32002 } });
    expect(projectedError('tools/call', error, '2025-11-25')).toEqual({ error });
  });

  it('about the modern transport is not passed on as such', () => {
    expect(projectedError('prompts/get', { code: -32020, message: 'm' }, '2025-11-25')).toEqual({
      error: { code: -32603, message: 'm', data: { originalCode: -32020 } },
    });
  });

  it('of a tool that lacks a capability is told in its result', () => {
    const data = { requiredCapabilities: { sampling: {} } };
    expect(projectedError('tools/call', { code: -32021, message: 'm', data }, '2025-11-25')).toEqual({
      result: {
        content: [
          { type: 'text', text: 'This tool needs something of the client that it did not declare: {"sampling":{}}' },
        ],
        isError: true,
      },
    });
  });
});
