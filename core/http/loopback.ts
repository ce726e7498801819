/**
 * What follows from the names of this machine: which `Host` a header names, and that only loopback addresses may be served
 * without authentication.
 *
 * A page in a browser can make requests to a server on the same machine, under a name its attacker controls (DNS rebinding).
 * So the `Host` and `Origin` headers are compared with names that only this machine has.
 */
import { Fault } from '../base/errors.ts';
import { isLoopback } from '../base/loopback.ts';

/** The host name of a `Host` header, in lower case and without its port; `undefined` for what is none. */
export function hostnameOf(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::[0-9]{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
}

/** Refuses to serve everyone on a network without asking who they are. */
export function assertBindable({ host, authenticated }: { host: string; authenticated: boolean }): void {
  if (authenticated || isLoopback(host)) return;
  throw new Fault(
    'setting_invalid',
    `Refusing to listen on ${host} without authentication: anyone who reaches it could use the server. ` +
      'Set FERMATA_API_KEYS (make a key with: fermata key NAME) or FERMATA_AUTH=jwt, or listen on 127.0.0.1.',
  );
}
