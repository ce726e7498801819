/**
 * An existing stateless Express server on Lambda, unmodified: buffered, by `serverless-http`. It needs no public URL; the proxy
 * reaches it by invoking the function. Put your own app in the place of the order desk.
 */
import type { IncomingMessage } from 'node:http';
import serverless from 'serverless-http';
import app from '../examples/order-desk/app.ts';

/** The requests that `serverless-http` makes have no raw headers, and those are what the MCP SDK reads on Node. */
const withRawHeaders = (request: IncomingMessage): void => {
  request.rawHeaders = Object.entries(request.headers).flatMap(([name, value]) => [name, String(value)]);
};

export const handler = serverless(app, { request: withRawHeaders });
