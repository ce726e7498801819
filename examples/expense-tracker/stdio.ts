/** Runs the expense tracker by itself over stdio, as any MCP client starts a local server. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import expenseTracker from './server.ts';

await expenseTracker().connect(new StdioServerTransport());
