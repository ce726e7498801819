/** A plain reverse proxy: it hands bytes on over kept connections and reads none of them. What Fermata adds is measured against it. */
import { Agent, createServer, request } from 'node:http';
import { listensAt } from './child.ts';
import { listening } from './listening.ts';

const upstream = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true });

const server = createServer((incoming, outgoing) => {
  const { method, headers } = incoming;
  const onward = request(upstream, { agent, method, headers: { ...headers, host: upstream.host } }, answer => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(onward);
});
listensAt(`${await listening(server)}/mcp`);
