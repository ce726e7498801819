/** The await-style server of SDK v1 as a stdio command: `node --import tsx stdio-v1.ts`. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import v1Await from './v1-await.ts';

await v1Await().connect(new StdioServerTransport());
