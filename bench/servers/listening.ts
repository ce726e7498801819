/** A node:http server on a free port of this machine. */
import { once } from 'node:events';
import type { Server } from 'node:http';

/** Its URL, without a path. */
export async function listening(server: Server): Promise<string> {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.');
  return `http://127.0.0.1:${address.port}`;
}
