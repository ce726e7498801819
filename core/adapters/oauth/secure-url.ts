/** Addresses that keys may be fetched from: nobody on the way may be able to change them. */
import { isLoopback } from '../../base/loopback.ts';

/** An https URL, or an http one of this machine; without credentials and without a fragment. */
export function isSecureUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || text.includes('#')) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}
