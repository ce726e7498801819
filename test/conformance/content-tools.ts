/**
 * Tools that only give content back: text, image, audio, an embedded resource, several of them, and an error.
 *
 * Scenarios: `tools-call-simple-text`, `-image`, `-audio`, `-embedded-resource`, `-mixed-content`, `-error`.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js';
import { PNG_BASE64, WAV_BASE64 } from './media.ts';

/** A tool result that is one text. */
export const saying = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });

const IMAGE: ContentBlock = { type: 'image', data: PNG_BASE64, mimeType: 'image/png' };
const AUDIO: ContentBlock = { type: 'audio', data: WAV_BASE64, mimeType: 'audio/wav' };

export function registerContentTools(server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'Gives a text.' }, () =>
    saying('This is a simple text response for testing.'),
  );
  server.registerTool('test_image_content', { description: 'Gives an image.' }, () => ({ content: [IMAGE] }));
  server.registerTool('test_audio_content', { description: 'Gives a sound.' }, () => ({ content: [AUDIO] }));
  server.registerTool('test_embedded_resource', { description: 'Gives an embedded resource.' }, () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }));
  server.registerTool('test_multiple_content_types', { description: 'Gives a text, an image and a resource.' }, () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      IMAGE,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
  }));
  server.registerTool('test_error_handling', { description: 'Fails on purpose.' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}
