/**
 * A server of SDK v1 with some of everything, as a factory: lists of several pages, templates and completion, prompts and
 * resources that ask, log messages of every level, tools that report between questions, wait for ever, or send people to pages.
 *
 * What happened in it is told by the tool `happened`, since its instances come and go.
 */
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CreateMessageResultSchema,
  ErrorCode,
  McpError,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { COLOUR_FORM, NAME_FORM, said, samplingFor, summary } from './texts.ts';

const LIBRARY = Symbol.for('fermata.test.library');
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export const PAGE = { message: 'Sign in first', url: 'https://example.com/sign-in', elicitationId: 'of-the-program' };

/** Every instance of the product loads its own copy of this module; what happened is known to all of them. */
interface Memory {
  readonly happened: string[];
  /** By name: how often a page must be visited before the program sees that it was. */
  readonly visitsLeft: Map<string, number>;
}
const place: { [LIBRARY]?: Memory } = globalThis as never;
place[LIBRARY] ??= { happened: [], visitsLeft: new Map() };
const { happened, visitsLeft } = place[LIBRARY];

export default function v1Library(): McpServer {
  const mcp = new McpServer(
    { name: 'v1-library', version: '1.0.0', title: 'A library' },
    {
      capabilities: { logging: {}, experimental: { 'example.com/catalogue': { edition: 3 } } },
      instructions: 'Be quiet.',
    },
  );
  books(mcp);
  reports(mcp);
  pages(mcp);
  models(mcp);
  return mcp;
}

function books(mcp: McpServer): void {
  const { server } = mcp;
  mcp.registerResource('book', 'test://book', {}, async ({ href }) => ({ contents: [{ uri: href, text: 'A book' }] }));
  mcp.registerResource('diary', 'test://diary', {}, async ({ href }) => {
    const { action, content } = await server.elicitInput(NAME_FORM);
    return { contents: [{ uri: href, text: `${action}: ${String(content?.name)}` }] };
  });
  const chapters = new ResourceTemplate('test://chapter/{title}', {
    list: undefined,
    complete: {
      title: async typed => {
        if (typed !== '?') return ['Adder', 'Addax', 'Bear'].filter(title => title.startsWith(typed));
        return server.elicitInput(NAME_FORM).then(
          ({ action }) => [action],
          () => ['nobody was asked'],
        );
      },
    },
  });
  mcp.registerResource('chapter', chapters, {}, async ({ href }) => ({ contents: [{ uri: href, text: 'A chapter' }] }));
  mcp.registerPrompt('review', { description: 'Asks for a name' }, async () => {
    const { content } = await server.elicitInput(NAME_FORM);
    return {
      messages: [{ role: 'user' as const, content: { type: 'text' as const, text: `By ${String(content?.name)}` } }],
    };
  });
  mcp.registerPrompt('broken', { argsSchema: { code: z.string() } }, async ({ code }) => {
    throw new McpError(Number(code), 'Broken');
  });
}

function reports(mcp: McpServer): void {
  const { server } = mcp;
  mcp.registerTool('log', { description: 'Says something at every level' }, async () => {
    for (const level of LEVELS) await mcp.sendLoggingMessage({ level, data: `${level}!` });
    return said('logged');
  });
  mcp.registerTool('stages', { description: 'Reports, asks and reports again' }, async extra => {
    const progressToken = extra._meta?.progressToken;
    const report = async (progress: number) => {
      if (progressToken === undefined) return;
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 4 } });
    };
    happened.push('stages began');
    await report(1);
    await report(2);
    const name = await server.elicitInput(NAME_FORM);
    await report(3);
    await server.elicitInput(COLOUR_FORM);
    await report(4);
    happened.push('stages ended');
    return said(`Done, ${String(name.content?.name)}.`);
  });
  mcp.registerTool(
    'wait',
    { description: 'Waits until it is cancelled', inputSchema: { name: z.string() } },
    ({ name }, extra) => {
      happened.push(`${name} began`);
      return new Promise(resolve => {
        extra.signal.addEventListener('abort', () => {
          happened.push(`${name} was cancelled`);
          resolve(said('cancelled'));
        });
      });
    },
  );
  mcp.registerTool('fickle', { description: 'Asks nothing when it is run again' }, async () => {
    happened.push('fickle began');
    const runs = happened.filter(what => what === 'fickle began').length;
    return said(runs > 1 ? 'nothing to ask' : (await server.elicitInput(NAME_FORM)).action);
  });
  mcp.registerTool('happened', { description: 'Tells what happened' }, async () =>
    said(happened.join('\n') || 'nothing'),
  );
}

function pages(mcp: McpServer): void {
  const { server } = mcp;
  mcp.registerTool('visit', { description: 'Sends to a page, and waits for consent' }, async () => {
    const { action } = await server.elicitInput({ mode: 'url', ...PAGE });
    return said(`The page: ${action}`);
  });
  mcp.registerTool(
    'account',
    { description: 'Needs a page to be visited first', inputSchema: { name: z.string(), looks: z.number() } },
    async ({ name, looks }) => {
      const left = visitsLeft.get(name) ?? looks;
      visitsLeft.set(name, left - 1);
      if (left > 0) throw new UrlElicitationRequiredError([{ mode: 'url', ...PAGE }]);
      return said(`The account of ${name}`);
    },
  );
}

function models(mcp: McpServer): void {
  const { server } = mcp;
  const weather = {
    name: 'weather',
    inputSchema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  };
  mcp.registerTool('research', { description: 'Lets a model use a tool' }, async () => {
    const question = { role: 'user' as const, content: { type: 'text' as const, text: 'Warm in Oslo?' } };
    const common = {
      maxTokens: 50,
      tools: [weather],
      toolChoice: { mode: 'auto' as const },
      includeContext: 'thisServer' as const,
    };
    const first = await server.createMessage({ ...common, messages: [question] });
    const blocks = Array.isArray(first.content) ? first.content : [first.content];
    const use = blocks.find(block => block.type === 'tool_use');
    if (use?.type !== 'tool_use') throw new McpError(ErrorCode.InvalidParams, 'The model used no tool');
    const answer = {
      type: 'tool_result' as const,
      toolUseId: use.id,
      content: [{ type: 'text' as const, text: '3 °C' }],
    };
    const second = await server.createMessage({
      ...common,
      messages: [question, { role: 'assistant', content: blocks }, { role: 'user', content: [answer] }],
    });
    const last = Array.isArray(second.content) ? second.content[0] : second.content;
    return said(`${first.stopReason}: ${last?.type === 'text' ? last.text : ''}`);
  });
  mcp.registerTool('summary', { description: 'Asks a model, whoever the client is' }, async extra => {
    const params = { ...samplingFor('a story'), maxTokens: 50 };
    const { content } = await extra.sendRequest(
      { method: 'sampling/createMessage', params },
      CreateMessageResultSchema,
    );
    return summary(content);
  });
  mcp.registerTool('roots', { description: 'Asks for the roots twice' }, async () => {
    const [once, again] = [await server.listRoots(), await server.listRoots()];
    return said([...once.roots, ...again.roots].map(({ uri }) => uri).join(' '));
  });
}
