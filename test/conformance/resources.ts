/**
 * The resources that the suite's scenarios prescribe.
 *
 * Scenarios: `resources-*`, `caching`. Reading one that does not exist is left to the SDK (`sep-2164-resource-not-found`).
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { PNG_BASE64 } from './media.ts';

const TEXTS = {
  'test://static-text': 'This is the content of the static text resource.',
  'test://example-resource': 'This is an example resource.',
  'test://watched-resource': 'This is the content of a resource that may be watched.',
};

export function registerResources(server: McpServer): void {
  for (const [uri, text] of Object.entries(TEXTS)) {
    const name = uri.slice('test://'.length);
    const traits = { description: `A text: ${name}.`, mimeType: 'text/plain' };
    server.registerResource(name, uri, traits, () => ({ contents: [{ uri, mimeType: 'text/plain', text }] }));
  }
  server.registerResource(
    'static-binary',
    'test://static-binary',
    { description: 'An image.', mimeType: 'image/png' },
    ({ href }) => ({ contents: [{ uri: href, mimeType: 'image/png', blob: PNG_BASE64 }] }),
  );
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'One resource for every id.', mimeType: 'application/json' },
    ({ href }, { id }) => ({
      contents: [
        {
          uri: href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  );
}
