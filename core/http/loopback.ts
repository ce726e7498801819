/**
 * Names of this machine, and the rule that only they may be served without authentication.
 *
 * A page in a browser can make requests to a server on the same machine, under a name its attacker controls (DNS rebinding).
 * So the `Host` and `Origin` headers are compared with names that only this machine has.
 */
import { Fault } from '../base/errors.ts';

/** As they stand in a `Host` header, without the port. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** The host name of a `Host` header, in lower case and without its port; `undefined` for what is none. */
export function hostnameOf(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::[0-9]{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
}

/** An address to bind to that no other machine can reach. */
export function isLoopback(address: string): boolean {
  const name = address.toLowerCase();
  return name === 'localhost' || name === '::1' || name === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(name);
}

/** Refuses to serve everyone on a network without asking who they are. */
export function assertBindable({ host, authenticated }: { host: string; authenticated: boolean }): void {
  if (authenticated || isLoopback(host)) return;
  throw new Fault(
    'setting_invalid',
    `Refusing to listen on ${host} without authentication: anyone who reaches it could use the server. ` +
      'Set FERMATA_API_KEYS (make a key with: fermata key NAME), or listen on 127.0.0.1.',
  );
}
