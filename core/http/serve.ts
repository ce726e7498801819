/**
 * Serves an app on a port of this machine, with node:http under it.
 *
 * Streams may last as long as a person thinks, so nothing here limits how long a response takes; what is limited is how long
 * a client may take to send its request. Closing lets running responses end for a while before it cuts them.
 */
import { createServer, IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { faultResponse } from './responses.ts';

export interface Served {
  /** `http://127.0.0.1:8787` */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, waits for open responses at most `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

export interface ServeOptions {
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

const arrivals = new WeakMap<Request, IncomingMessage>();

/** The address of the peer that a request came from. */
export const addressOf = (request: Request): string | undefined => arrivals.get(request)?.socket.remoteAddress;

export async function serveHttp({ app, host, port }: ServeOptions): Promise<Served> {
  const listener = getRequestListener(
    (request, { incoming }) => {
      if (incoming instanceof IncomingMessage) arrivals.set(request, incoming);
      return app.fetch(request);
    },
    { hostname: host, errorHandler: unreadable },
  );
  /** A connection that falls idle while the server closes would otherwise be kept for a next request, and hold it up. */
  let closing = false;
  /** Connections opened in advance, on which nothing was asked yet: Node does not count them as idle. */
  const unused = new Set<Socket>();
  const server = createServer(
    {
      requestTimeout: LIMITS.requestArrivalMsMax,
      headersTimeout: LIMITS.requestArrivalMsMax,
      keepAliveTimeout: LIMITS.idleConnectionMs,
    },
    (incoming, outgoing) => {
      unused.delete(incoming.socket);
      outgoing.once('close', () => {
        if (closing) setImmediate(() => server.closeIdleConnections());
      });
      void listener(incoming, outgoing);
    },
  );
  server.on('connection', socket => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(unbindable(error, host, port)));
    server.listen(port, host, resolve);
  });
  const bound = portOf(server.address());
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    async close(graceMs) {
      closing = true;
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' && address !== null ? address.port : 0;

/** Requests that are broken below the app: an impossible URL, a `Host` that is none. */
const unreadable = (thrown: unknown): Response =>
  faultResponse(new Fault('invalid_request', 'The request cannot be read as HTTP.', { cause: thrown }), 'modern');

function unbindable(error: NodeJS.ErrnoException, host: string, port: number): Fault {
  const why: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is in use. Stop what uses it, or choose another port with --port or PORT.`,
    EACCES: `Port ${port} on ${host} is not allowed to this user. Choose one above 1023 with --port or PORT.`,
    EADDRNOTAVAIL: `${host} is no address of this machine. Choose one with --host or HOST, such as 127.0.0.1.`,
    ENOTFOUND: `The host name ${host} is unknown. Choose an address with --host or HOST, such as 127.0.0.1.`,
  };
  const message = why[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`;
  return new Fault('setting_invalid', message, { cause: error });
}
