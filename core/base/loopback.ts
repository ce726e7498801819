/**
 * Names of this machine: what may be reached without asking who calls, and without encryption.
 *
 * Only spellings that no other machine can have count; a name that merely resolves to a loopback address does not.
 */

/** As they stand in a `Host` header, without the port. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** An address that no other machine can reach. */
export function isLoopback(address: string): boolean {
  const name = address.toLowerCase();
  return name === 'localhost' || name === '::1' || name === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(name);
}
