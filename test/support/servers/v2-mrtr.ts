/** A server of SDK v2 whose handlers return their questions (multi round-trip requests), as a factory. */
import type { ServerContext } from '@modelcontextprotocol/server';
import { inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
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

/** How often a handler was entered, by tool: what tells a call as 2026 from a replay. */
export const entered: Record<string, number> = {};
const enter = (tool: string): void => {
  entered[tool] = (entered[tool] ?? 0) + 1;
};

interface Answer {
  action: string;
  content?: Record<string, unknown>;
}

function answerTo(ctx: ServerContext, key: string): Answer | undefined {
  const view = inputResponse(ctx.mcpReq.inputResponses, key);
  if (view.kind !== 'elicit') return undefined;
  return { action: view.action, ...(view.content === undefined ? {} : { content: view.content }) };
}

export default function v2Mrtr(): McpServer {
  const mcp = new McpServer({ name: 'v2-mrtr', version: '1.0.0' }, { capabilities: { logging: {} } });

  mcp.registerTool('greet', { description: 'Greets', inputSchema: z.object({ name: z.string() }) }, async ({ name }) =>
    greeting(name),
  );

  mcp.registerTool('introduce', { description: 'Asks three questions in sequence' }, async ctx => {
    enter('introduce');
    const known: Record<string, unknown> = JSON.parse(ctx.mcpReq.requestState<string>() ?? '{}');
    for (const [key, form] of [
      ['name', NAME_FORM],
      ['colour', COLOUR_FORM],
      ['confirm', CONFIRM_FORM],
    ] as const) {
      const answer = answerTo(ctx, key);
      if (answer !== undefined && answer.action !== 'accept') return noIntroduction(answer.action);
      if (answer !== undefined) Object.assign(known, answer.content, { [`${key} asked`]: true });
      else if (known[`${key} asked`] === undefined) {
        const inputRequests = { [key]: inputRequired.elicit(form) };
        return inputRequired({ inputRequests, requestState: JSON.stringify(known) });
      }
    }
    return introduction(known.name, known.colour);
  });

  mcp.registerTool('compare', { description: 'Asks two questions at once' }, async ctx => {
    enter('compare');
    const left = answerTo(ctx, 'left');
    const right = answerTo(ctx, 'right');
    if (left !== undefined && right !== undefined) return comparison(left.content?.number, right.content?.number);
    const inputRequests = { left: inputRequired.elicit(LEFT_FORM), right: inputRequired.elicit(RIGHT_FORM) };
    return inputRequired({ inputRequests });
  });

  mcp.registerTool(
    'summarize',
    { description: 'Samples', inputSchema: z.object({ text: z.string() }) },
    async ({ text }, ctx) => {
      const view = inputResponse(ctx.mcpReq.inputResponses, 'summary');
      if (view.kind === 'sampling') return summary(view.result.content);
      return inputRequired({ inputRequests: { summary: inputRequired.createMessage(samplingFor(text)) } });
    },
  );

  mcp.registerTool('list_roots', { description: 'Asks for the roots' }, async ctx => {
    const view = inputResponse(ctx.mcpReq.inputResponses, 'roots');
    if (view.kind === 'roots') return rootList(view.roots);
    return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
  });

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
