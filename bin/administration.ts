/** The admin API, and other apps, beside the MCP endpoint, on one port: there where administrators have keys, and nowhere else. Used by each root. */
import type { AdminAppOptions } from '../core/http/admin-app.ts';
import { adminApp } from '../core/http/admin-app.ts';
import { apiKeys, parseApiKeys } from '../core/http/api-keys.ts';
import type { SessionAdmin } from '../core/ports/session-admin.ts';

interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/** The app for the lines of `fermata key`; `undefined` without any. */
export const adminFor = (
  keys: string | undefined,
  admin: SessionAdmin,
  options: Pick<AdminAppOptions, 'audit' | 'hosts' | 'observer' | 'commands'>,
): App | undefined =>
  keys === undefined
    ? undefined
    : adminApp({ ...options, admin, authenticate: apiKeys(parseApiKeys(keys, 'FERMATA_ADMIN_KEYS')) });

/** One app of several: what others there are answer for their paths. */
export const beside = (app: App, others: Readonly<Record<string, App | undefined>>): App => {
  const present = Object.entries(others).flatMap(([path, other]) => (other === undefined ? [] : [{ path, other }]));
  if (present.length === 0) return app;
  return {
    fetch(request) {
      const { pathname } = new URL(request.url);
      return (present.find(({ path }) => pathname.startsWith(`${path}/`))?.other ?? app).fetch(request);
    },
  };
};
