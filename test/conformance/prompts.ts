/**
 * The prompts that the suite's scenarios prescribe, one of which asks before it answers.
 *
 * Scenarios: `prompts-*`, `completion-complete`, `input-required-result-non-tool-request`.
 */
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { GetPromptResult, PromptMessage } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { PNG_BASE64 } from './media.ts';
import { askField } from './round-trip-tools.ts';

const user = (content: PromptMessage['content']): PromptMessage => ({ role: 'user', content });
const text = (words: string): PromptMessage => user({ type: 'text', text: words });
const prompt = (...messages: PromptMessage[]): GetPromptResult => ({ messages });

const WORDS = ['paris', 'park', 'party', 'test', 'testing'];
const suggest = (typed: string) => WORDS.filter(word => word.startsWith(typed));

export function registerPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'A prompt without arguments.' }, () =>
    prompt(text('This is a simple prompt for testing.')),
  );
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'A prompt with two arguments.',
      argsSchema: { arg1: completable(z.string(), suggest), arg2: z.string() },
    },
    ({ arg1, arg2 }) => prompt(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'A prompt with a resource in it.', argsSchema: { resourceUri: z.string() } },
    ({ resourceUri }) =>
      prompt(
        user({
          type: 'resource',
          resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        }),
        text('Please process the embedded resource above.'),
      ),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'A prompt with an image in it.' }, () =>
    prompt(user({ type: 'image', data: PNG_BASE64, mimeType: 'image/png' }), text('Please analyze the image above.')),
  );
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'A prompt that asks for its context first.' },
    async extra => {
      const context = await askField(server, extra.requestId, {
        key: 'user_context',
        message: 'What context should the prompt use?',
        field: 'context',
      });
      return prompt(text(`Use this context: ${context}`));
    },
  );
}
