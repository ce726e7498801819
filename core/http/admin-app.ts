/**
 * The admin API: sessions listed, inspected and stopped, over HTTP with plain JSON. Paths: `docs/sessions.md`.
 *
 * It has credentials of its own and is served only where they are set. A credential of the MCP endpoint opens nothing here.
 */
import { Hono } from 'hono';
import { Fault, faultOf, rpcErrorOf } from '../base/errors.ts';
import type { Observer } from '../ports/observer.ts';
import type { SessionAdmin } from '../ports/session-admin.ts';
import type { GuardOptions } from './guards.ts';
import { checkHost, checkOrigin, checkPrincipal, EntryRefused } from './guards.ts';
import { jsonResponse, reportFault } from './responses.ts';
import { statusOf } from './status.ts';

export interface AdminAppOptions extends GuardOptions {
  readonly admin: SessionAdmin;
  readonly observer: Observer;
}

/** Where it is, beside the MCP endpoint. */
export const ADMIN_PATH = '/admin';

export function adminApp(options: AdminAppOptions): Hono {
  const { admin, observer } = options;
  const app = new Hono().basePath(ADMIN_PATH);
  app.use(async (c, next) => {
    checkHost(c.req.raw, options);
    checkOrigin(c.req.raw, options);
    await checkPrincipal(c.req.raw, options);
    await next();
  });
  app.get('/sessions', async c => {
    const { principal, after } = c.req.query();
    const query = {
      ...(principal ? { principal } : {}),
      ...(after ? { after } : {}),
      ...limitIn(c.req.query('limit')),
    };
    return c.json(await admin.list(query));
  });
  app.get('/sessions/:id', async c => {
    const reveal = c.req.query('reveal') === 'true';
    return c.json({ ...existing(await admin.inspect(c.req.param('id'), { reveal })) });
  });
  app.delete('/sessions/:id', async c => c.json({ ...existing(await admin.stop(c.req.param('id'))) }));
  app.notFound(() => refused(new Fault('path_unknown', `There is nothing here. Try ${ADMIN_PATH}/sessions.`)));
  app.onError(thrown => {
    const fault = faultOf(thrown);
    reportFault(observer, fault);
    return refused(fault);
  });
  return app;
}

function limitIn(text: string | undefined): { limit?: number } {
  if (text === undefined) return {};
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return { limit };
  throw new Fault('invalid_request', 'limit is a whole number from 1, such as limit=50.');
}

function existing<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  throw new Fault('session_unknown', 'There is no such session, or it has ended.');
}

const refused = (fault: Fault): Response =>
  jsonResponse(
    statusOf(fault, 'modern'),
    { error: rpcErrorOf(fault) },
    fault instanceof EntryRefused ? { 'www-authenticate': fault.challenge } : {},
  );
