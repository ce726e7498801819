/**
 * The admin API: sessions listed, inspected and stopped, and what gates decided, over HTTP with plain JSON. Paths:
 * `docs/sessions.md`.
 *
 * It has credentials of its own and is served only where they are set. A credential of the MCP endpoint opens nothing here.
 */
import { Hono } from 'hono';
import type { BlankSchema } from 'hono/types';
import { Fault, faultOf, rpcErrorOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { AuditFilter } from '../gates/audit.ts';
import { auditPage } from '../gates/audit.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Observer } from '../ports/observer.ts';
import type { SessionAdmin } from '../ports/session-admin.ts';
import type { SessionCommands } from '../ports/session-commands.ts';
import { commandResponse } from './command-order.ts';
import type { GuardOptions } from './guards.ts';
import { checkHost, checkOrigin, checkPrincipal, EntryRefused } from './guards.ts';
import { jsonResponse, reportFault } from './responses.ts';
import { statusOf } from './status.ts';

export interface AdminAppOptions extends GuardOptions {
  readonly admin: SessionAdmin;
  readonly audit: AuditLog;
  /** Commands in the folders of sessions, where they are allowed. */
  readonly commands?: SessionCommands | undefined;
  readonly observer: Observer;
}

type Known = { Variables: { administrator: string } };

/** Where it is, beside the MCP endpoint. */
export const ADMIN_PATH = '/admin';

export function adminApp(options: AdminAppOptions): Hono<Known, BlankSchema, string> {
  const { admin, audit, commands, observer } = options;
  const app = new Hono<Known>().basePath(ADMIN_PATH);
  app.use(async (c, next) => {
    checkHost(c.req.raw, options);
    checkOrigin(c.req.raw, options);
    c.set('administrator', (await checkPrincipal(c.req.raw, options)).id);
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
  app.post('/sessions/:id/commands', c =>
    commandResponse({
      request: c.req.raw,
      session: c.req.param('id'),
      administrator: c.get('administrator'),
      commands,
      observer,
    }),
  );
  app.get('/audit', async c => c.json(await auditPage(audit, auditFilterIn(c.req.query()))));
  app.notFound(() =>
    refused(new Fault('path_unknown', `There is nothing here. Try ${ADMIN_PATH}/sessions or ${ADMIN_PATH}/audit.`)),
  );
  app.onError(thrown => {
    const fault = faultOf(thrown);
    reportFault(observer, fault);
    return refused(fault);
  });
  return app;
}

function auditFilterIn(query: Record<string, string>): AuditFilter {
  const { principal, by, tool, event, after } = query;
  const sinceMs = query.since === undefined ? Date.now() - LIMITS.auditKeepMsMax : Number(query.since);
  if (!Number.isFinite(sinceMs)) throw new Fault('invalid_request', 'since is a time in milliseconds since 1970.');
  const limit = Math.min(limitIn(query.limit).limit ?? LIMITS.auditEntriesPerPageMax, LIMITS.auditEntriesPerPageMax);
  return { principal, by, tool, event, before: after, sinceMs, limit };
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
