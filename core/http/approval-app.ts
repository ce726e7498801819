/**
 * The page of an approval over HTTP: a link names a call that waits, whoever opens it says who they are, and may decide if they asked
 * or the policy names them. The link alone shows and decides nothing; so a link sent to the wrong person does no harm.
 *
 * Specification: 2026-07-28, "Elicitation", URL mode: safe URLs, and phishing.
 */
import type { Context } from 'hono';
import { Hono } from 'hono';
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Approval, Approvals, Choice } from '../gates/approvals.ts';
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import type { Seal } from '../ports/seal.ts';
import type { Principal } from '../ports/stateless-server.ts';
import type { Viewer } from './approval-page.ts';
import { decidedPage, decisionPage, foreignPage, PAGE_POLICY, problemPage, signInPage } from './approval-page.ts';
import type { Visitor } from './approver-cookie.ts';
import { ApproverCookies } from './approver-cookie.ts';
import type { Authenticator } from './authenticator.ts';
import { readText } from './body.ts';
import type { GuardOptions } from './guards.ts';
import { checkHost } from './guards.ts';
import { reportFault } from './responses.ts';
import { SignInTries } from './sign-in-tries.ts';
import { statusOf } from './status.ts';

export interface ApprovalAppOptions {
  readonly approvals: Approvals;
  /** Who may come in at the MCP endpoint may say here who they are, by the same credentials. */
  readonly authenticate: Authenticator;
  readonly hosts?: GuardOptions['hosts'];
  readonly seal: Seal;
  readonly environment: Environment;
  readonly observer: Observer;
  /** Where a request comes from, as far as that is known. */
  readonly addressOf?: AddressOf | undefined;
  /** How browsers reach it, where something stands before it that changes the `Host`. */
  readonly url?: string | undefined;
  /** Whether browsers reach it by `https:`. */
  readonly isSecure: boolean;
}

/** The address that a request came from, known by other means than its headers, which a client could write. */
export type AddressOf = (request: Request) => string | undefined;

/** Where it is, beside the MCP endpoint. */
export const APPROVALS_PATH = '/approvals';

interface Desk extends ApprovalAppOptions {
  readonly cookies: ApproverCookies;
  readonly tries: SignInTries;
}

/** Someone at the page, with the approval they came for. */
interface Visit {
  readonly approval: Approval;
  readonly visitor: Visitor;
  /** Whether they have no cookie yet. One that they have keeps its end. */
  readonly isNew: boolean;
  readonly principal: Principal | undefined;
  readonly viewer: Viewer;
}

export function approvalApp(options: ApprovalAppOptions): Hono {
  const { seal, environment } = options;
  const tries = new SignInTries(() => environment.now());
  const desk: Desk = { ...options, cookies: new ApproverCookies(seal, environment), tries };
  const app = new Hono().basePath(APPROVALS_PATH);
  app.use(async (c, next) => {
    checkHost(c.req.raw, options);
    await next();
  });
  app.get('/:link', async c => {
    const visit = await arrive(desk, c);
    return visit === undefined ? unknownLink() : show(desk, visit);
  });
  app.post('/:link', async c => {
    const visit = await arrive(desk, c);
    return visit === undefined ? unknownLink() : act(desk, visit, c.req.raw);
  });
  app.notFound(() => unknownLink());
  app.onError(thrown => {
    const fault = faultOf(thrown);
    reportFault(options.observer, fault);
    return respond(statusOf(fault, 'modern'), problemPage('This did not work', fault.message));
  });
  return app;
}

async function arrive(desk: Desk, c: Context): Promise<Visit | undefined> {
  const approval = await desk.approvals.find(c.req.param('link') ?? '');
  if (approval === undefined) return undefined;
  const returning = desk.cookies.visitor(c.req.raw);
  const visitor = returning ?? desk.cookies.fresh();
  const shown = await desk.authenticate(c.req.raw);
  const known = 'principal' in shown ? shown.principal : undefined;
  const principal = known ?? visitor.principal;
  const token = desk.cookies.formToken(visitor, approval.nonce);
  const viewer = { token, who: principal?.id ?? '', canLeave: known === undefined };
  return { approval, visitor, isNew: returning === undefined, principal, viewer };
}

async function show(desk: Desk, visit: Visit): Promise<Response> {
  const { approval, visitor, isNew, principal, viewer } = visit;
  const cookie = isNew ? cookieFor(desk, visitor) : {};
  if (principal === undefined) return respond(401, signInPage(viewer.token), cookie);
  if (!desk.approvals.mayDecide(approval, principal)) return respond(403, foreignPage(viewer), cookie);
  const answer = await desk.approvals.decided(approval);
  if (answer === undefined) return respond(200, decisionPage(approval, viewer), cookie);
  await desk.approvals.goOn(approval, answer);
  return respond(200, decidedPage(approval, answer, viewer), cookie);
}

async function act(desk: Desk, visit: Visit, request: Request): Promise<Response> {
  const form = new URLSearchParams(await readText(request, LIMITS.approvalFormBytesMax));
  const { approval, visitor, principal } = visit;
  if (!isOwnOrigin(request, desk.url) || !desk.cookies.isForm(form.get('form') ?? '', visitor, approval.nonce))
    return respond(403, problemPage('This form is too old', 'Open the link again, and decide then.'));
  const action = form.get('action') ?? '';
  if (action === 'enter') return enter(desk, visit, form.get('credential') ?? '', request);
  if (action === 'leave') return again(request, cookieFor(desk, desk.cookies.fresh()));
  // Once more, since the form may be older than what was signed in.
  if (principal === undefined || !desk.approvals.mayDecide(approval, principal)) return show(desk, visit);
  if (!isChoice(action) || (action === 'session' && !approval.offersSession))
    throw new Fault('invalid_request', 'This is none of the decisions that were offered.');
  await desk.approvals.decide(approval, principal, action, (form.get('reason') ?? '').trim());
  return again(request);
}

/** A new cookie for whoever signs in, so that nobody signs in to a visit that somebody else began. */
async function enter(desk: Desk, visit: Visit, credential: string, request: Request): Promise<Response> {
  const who = `${visit.approval.nonce} ${desk.addressOf?.(request) ?? ''}`;
  const waitSeconds = desk.tries.begin(who);
  if (waitSeconds !== undefined) return tooManyTries(desk, waitSeconds);
  const given = credential.trim();
  const authorization = VISIBLE.test(given) ? { authorization: `Bearer ${given}` } : undefined;
  const shown = await desk.authenticate(new Request(request.url, { headers: { ...authorization } }));
  if ('principal' in shown) {
    desk.tries.succeeded(who);
    return again(request, cookieFor(desk, desk.cookies.fresh(shown.principal)));
  }
  return respond(401, signInPage(visit.viewer.token, shown.rejected));
}

function tooManyTries({ observer }: Desk, waitSeconds: number): Response {
  const message = `Too many tries to sign in at an approval: no more for ${waitSeconds} s.`;
  observer({ event: 'approval.sign_in_refused', level: 'warning', message });
  const advice = `No more for ${waitSeconds} s. Wait, open the link again, and check your API key or token before you send it.`;
  return respond(429, problemPage('Too many tries', advice), { 'retry-after': String(waitSeconds) });
}

const VISIBLE = /^[\x21-\x7e]+$/;

const isChoice = (action: string): action is Choice => ['once', 'session', 'no'].includes(action);

/** Browsers say where a form comes from. */
function isOwnOrigin(request: Request, url: string | undefined): boolean {
  const origin = request.headers.get('origin');
  if (origin === null || (url !== undefined && origin === new URL(url).origin)) return true;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return URL.canParse(origin) && new URL(origin).host === host;
}

const cookieFor = (desk: Desk, visitor: Visitor): Record<string, string> => ({
  'set-cookie': desk.cookies.setting(visitor, APPROVALS_PATH, desk.isSecure),
});

/** The same page anew, by GET, so that going back or loading again decides nothing twice. */
const again = (request: Request, headers: Record<string, string> = {}): Response =>
  respond(303, '', { location: new URL(request.url).pathname, ...headers });

const unknownLink = (): Response =>
  respond(404, problemPage('Nothing waits here', 'This link is not whole, or what it was for has ended.'));

const respond = (status: number, body: string, headers: Record<string, string> = {}): Response =>
  new Response(body, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      ...headers,
    },
  });
