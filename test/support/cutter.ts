/**
 * A TCP proxy that cuts connections: what a network does to event streams.
 *
 * It forwards bytes, notices which connections carry an event stream just now, and cuts those when told to. Requests that have
 * no answer yet are left alone: the SDK's clients do not send them again.
 */
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface Cutter extends AsyncDisposable {
  /** The URL of the target, by way of this proxy. */
  readonly url: string;
  /** How many streams of calls were cut so far. */
  readonly cuts: number;
  /** Cuts every connection that carries an event stream. */
  cut(): void;
}

const STREAM = /content-type: *text\/event-stream/i;
const LAST_CHUNK = '0\r\n\r\n';

export async function cutterTo(target: string): Promise<Cutter> {
  const { hostname, port, pathname } = new URL(target);
  const open = new Set<Socket>();
  const streaming = new Set<Socket>();
  /** Those whose stream belongs to no call. */
  const standalone = new Set<Socket>();
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname);
    open.add(client);
    const close = (): void => {
      open.delete(client);
      streaming.delete(client);
      standalone.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', close).on('close', close);
    client.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (!/^[A-Z]+ \//.test(text)) return;
      if (text.startsWith('GET ') && !/^last-event-id: *(?!standalone\.)\S/im.test(text)) standalone.add(client);
      else standalone.delete(client);
    });
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (STREAM.test(text)) streaming.add(client);
      if (text.endsWith(LAST_CHUNK)) streaming.delete(client);
    });
    upstream.pipe(client);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  let cuts = 0;
  return {
    url: `http://127.0.0.1:${ownPort}${pathname}`,
    get cuts() {
      return cuts;
    },
    cut() {
      cuts += [...streaming].filter(client => !standalone.has(client)).length;
      for (const client of [...streaming]) client.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const client of open) client.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
