/**
 * Tools that speak while they work: log messages, progress, changes of the lists, and a wait long enough to be cut off in.
 *
 * Scenarios: `tools-call-with-logging`, `tools-call-with-progress`, `server-stateless`, `server-sse-polling`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { saying } from './content-tools.ts';

const STEP_MS = 50;
/** How long its call goes on after its connection has ended: the suite comes back at once, and once only. */
const RECONNECTION_MS = 500;

export function registerReportingTools(server: McpServer): void {
  registerLoggingTools(server);
  registerProgressTool(server);
  registerReconnectionTool(server);
  server.registerTool('test_trigger_tool_change', { description: 'Says that the list of tools changed.' }, () => {
    server.sendToolListChanged();
    return saying('The list of tools changed.');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Says that the list of prompts changed.' }, () => {
    server.sendPromptListChanged();
    return saying('The list of prompts changed.');
  });
}

function registerLoggingTools(server: McpServer): void {
  const messages = ['Tool execution started', 'Tool processing data', 'Tool execution completed'];
  server.registerTool('test_tool_with_logging', { description: 'Logs three messages.' }, async extra => {
    for (const [index, data] of messages.entries()) {
      if (index > 0) await sleep(STEP_MS);
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
    }
    return saying('Tool with logging executed successfully');
  });
  server.registerTool('test_logging_tool', { description: 'Logs without being asked to.' }, async extra => {
    await extra.sendNotification({
      method: 'notifications/message',
      params: { level: 'info', data: 'A client that set no log level must not see this.' },
    });
    return saying('Logged.');
  });
}

function registerProgressTool(server: McpServer): void {
  server.registerTool('test_tool_with_progress', { description: 'Reports progress: 0, 50, 100.' }, async extra => {
    const progressToken = extra._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await sleep(STEP_MS);
      if (progressToken === undefined) continue;
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 100, message: `Completed ${progress} of 100` },
      });
    }
    return saying('Tool with progress executed successfully');
  });
}

function registerReconnectionTool(server: McpServer): void {
  server.registerTool('test_reconnection', { description: 'Outlives its first connection.' }, async extra => {
    // A transport that cannot close the connection for us leaves it open, and the scenario sees nothing end.
    await sleep(STEP_MS);
    extra.closeSSEStream?.();
    await sleep(RECONNECTION_MS);
    return saying('Reconnection test completed successfully');
  });
}
