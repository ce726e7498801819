/** The admin API beside the MCP endpoint, on one port: there where administrators have keys, and nowhere else. Used by each root. */
import type { AdminAppOptions } from '../core/http/admin-app.ts';
import { ADMIN_PATH, adminApp } from '../core/http/admin-app.ts';
import { apiKeys, parseApiKeys } from '../core/http/api-keys.ts';
import type { SessionAdmin } from '../core/ports/session-admin.ts';

interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/** The app for the lines of `fermata key`; `undefined` without any. */
export const adminFor = (
  keys: string | undefined,
  admin: SessionAdmin,
  options: Pick<AdminAppOptions, 'hosts' | 'observer'>,
): App | undefined =>
  keys === undefined
    ? undefined
    : adminApp({ ...options, admin, authenticate: apiKeys(parseApiKeys(keys, 'FERMATA_ADMIN_KEYS')) });

/** One app of two. */
export const beside = (app: App, admin: App | undefined): App =>
  admin === undefined
    ? app
    : { fetch: request => (new URL(request.url).pathname.startsWith(`${ADMIN_PATH}/`) ? admin : app).fetch(request) };
