/** An ordinary await-style server of SDK v2, as a factory. */
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import {
  COLOUR_FORM,
  CONFIRM_FORM,
  comparison,
  counted,
  greeting,
  introduction,
  LEFT_FORM,
  NAME_FORM,
  noIntroduction,
  RIGHT_FORM,
  rootList,
  samplingFor,
  summary,
} from './texts.ts';

export default function v2Await(): McpServer {
  const mcp = new McpServer({ name: 'v2-await', version: '1.0.0' }, { capabilities: { logging: {} } });

  mcp.registerTool('greet', { description: 'Greets', inputSchema: z.object({ name: z.string() }) }, async ({ name }) =>
    greeting(name),
  );

  mcp.registerTool('introduce', { description: 'Asks three questions in sequence' }, async ctx => {
    const name = await ctx.mcpReq.elicitInput(NAME_FORM);
    if (name.action !== 'accept') return noIntroduction(name.action);
    const colour = await ctx.mcpReq.elicitInput(COLOUR_FORM);
    if (colour.action !== 'accept') return noIntroduction(colour.action);
    const confirm = await ctx.mcpReq.elicitInput(CONFIRM_FORM);
    if (confirm.action !== 'accept') return noIntroduction(confirm.action);
    return introduction(name.content?.name, colour.content?.colour);
  });

  mcp.registerTool('compare', { description: 'Asks two questions at once' }, async ctx => {
    const { elicitInput } = ctx.mcpReq;
    const [left, right] = await Promise.all([elicitInput(LEFT_FORM), elicitInput(RIGHT_FORM)]);
    return comparison(left.content?.number, right.content?.number);
  });

  mcp.registerTool(
    'summarize',
    { description: 'Samples', inputSchema: z.object({ text: z.string() }) },
    async ({ text }, ctx) => summary((await ctx.mcpReq.requestSampling(samplingFor(text))).content),
  );

  mcp.registerTool('list_roots', { description: 'Asks for the roots' }, async () =>
    rootList((await mcp.server.listRoots()).roots),
  );

  mcp.registerTool(
    'count',
    { description: 'Reports', inputSchema: z.object({ to: z.number() }) },
    async ({ to }, ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      for (let progress = 1; progress <= to && progressToken !== undefined; progress++) {
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: to } });
      }
      await ctx.mcpReq.log('info', `counted to ${to}`);
      return counted(to);
    },
  );

  return mcp;
}
