/** An ordinary await-style server of SDK v1, as a factory. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
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

export default function v1Await(): McpServer {
  const mcp = new McpServer({ name: 'v1-await', version: '1.0.0' }, { capabilities: { logging: {} } });
  const { server } = mcp;

  mcp.registerTool('greet', { description: 'Greets', inputSchema: { name: z.string() } }, async ({ name }) =>
    greeting(name),
  );

  mcp.registerTool('introduce', { description: 'Asks three questions in sequence' }, async () => {
    const name = await server.elicitInput(NAME_FORM);
    if (name.action !== 'accept') return noIntroduction(name.action);
    const colour = await server.elicitInput(COLOUR_FORM);
    if (colour.action !== 'accept') return noIntroduction(colour.action);
    const confirm = await server.elicitInput(CONFIRM_FORM);
    if (confirm.action !== 'accept') return noIntroduction(confirm.action);
    return introduction(name.content?.name, colour.content?.colour);
  });

  mcp.registerTool('compare', { description: 'Asks two questions at once' }, async () => {
    const [left, right] = await Promise.all([server.elicitInput(LEFT_FORM), server.elicitInput(RIGHT_FORM)]);
    return comparison(left.content?.number, right.content?.number);
  });

  mcp.registerTool('summarize', { description: 'Samples', inputSchema: { text: z.string() } }, async ({ text }) =>
    summary((await server.createMessage(samplingFor(text))).content),
  );

  mcp.registerTool('list_roots', { description: 'Asks for the roots' }, async () =>
    rootList((await server.listRoots()).roots),
  );

  mcp.registerTool('count', { description: 'Reports', inputSchema: { to: z.number() } }, async ({ to }, extra) => {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= to && progressToken !== undefined; progress++) {
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress, total: to },
      });
    }
    await mcp.sendLoggingMessage({ level: 'info', data: `counted to ${to}` });
    return counted(to);
  });

  return mcp;
}
