/** What is printed for people to paste: it must work as it stands. */
import { expect, test } from 'vitest';
import { paintFor } from '../../bin/paint.ts';
import type { Welcome } from '../../bin/welcome.ts';
import { welcomeText } from '../../bin/welcome.ts';

const textFor = (given: Partial<Welcome>): string =>
  welcomeText(
    {
      url: 'http://0.0.0.0:8787/mcp',
      publicUrl: 'http://0.0.0.0:8787/mcp',
      description: 'a server',
      name: 'a server',
      store: undefined,
      auth: 'none',
      demo: 'npm run demo',
      ...given,
    },
    paintFor({}, {}),
  );

const serversIn = (text: string): unknown =>
  JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)).mcpServers;

test('with access tokens, clients are told the public URL and find the rest by themselves', () => {
  const text = textFor({ auth: 'jwt', publicUrl: 'https://mcp.example/mcp' });
  expect(serversIn(text)).toEqual({ 'a-server': { type: 'http', url: 'https://mcp.example/mcp' } });
  expect(text).toContain('Endpoint   http://0.0.0.0:8787/mcp\n');
  expect(text).toContain('Open to    holders of an access token\n');
  expect(text).toContain('--server-url https://mcp.example/mcp\n');
});

test('with API keys, clients are shown where theirs goes', () => {
  const headers = { Authorization: 'Bearer <your key>' };
  const text = textFor({ auth: 'api-key' });
  expect(serversIn(text)).toEqual({ 'a-server': { type: 'http', url: 'http://0.0.0.0:8787/mcp', headers } });
  expect(text).toContain('Open to    holders of an API key\n');
});
