/** The approval page over HTTP, as a browser without script uses it, in front of a whole deployment's gates. */
import { describe, expect, it } from 'vitest';
import { apiKeys, newApiKey, parseApiKeys } from '../../core/http/api-keys.ts';
import { approvalApp } from '../../core/http/approval-app.ts';
import { answering, asked, gatedUpstream, round } from '../support/gated-upstream.ts';
import { type Tool, text } from '../support/upstreams/scripted.ts';

const pay: Tool = async function* ({ params }) {
  return text(`paid ${JSON.stringify(params.arguments)}`);
};
const CALL = { name: 'pay', arguments: { amount: 5000, note: '<script>alert(1)</script>', password: 'hunter2' } };
const POLICY = { name: 'payments', tools: ['pay'] };
const URL_ONLY = { capabilities: { elicitation: { url: {} } } };
const ALICE = newApiKey('alice');
const BOB = newApiKey('bob');
const CAROL = newApiKey('carol', ['approve']);

function stage(policy: object = {}) {
  const part = gatedUpstream({ pay }, { policies: [{ ...POLICY, ...policy }] });
  const keys = parseApiKeys([ALICE, BOB, CAROL].map(({ line }) => line).join(','));
  const app = approvalApp({
    approvals: part.approvals,
    authenticate: apiKeys(keys),
    seal: part.seal,
    environment: part.environment,
    observer: observation => part.observed.push(observation),
    isSecure: true,
    addressOf: request => request.headers.get('x-test-address') ?? undefined,
    url: 'https://mcp.example',
  });
  return { ...part, app };
}

/** Keeps its cookie and the token of the last form, and follows the redirect after a form. */
function browser(app: ReturnType<typeof stage>['app'], url: string, address = '192.0.2.1') {
  let cookie = '';
  let token = '';
  let last = new Response();
  let page = '';
  const request = async (init: RequestInit = {}): Promise<void> => {
    const headers = {
      ...init.headers,
      host: 'localhost',
      'x-test-address': address,
      ...(cookie === '' ? {} : { cookie }),
    };
    last = await app.request(url, { ...init, headers });
    cookie = last.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    page = await last.text();
    token = /name="form" value="([^"]*)"/.exec(page)?.[1] ?? token;
  };
  return {
    open: () => request(),
    send: async (fields: Record<string, string>, headers: Record<string, string> = {}) => {
      const body = new URLSearchParams({ form: token, ...fields }).toString();
      await request({
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
      if (last.status === 303) await request();
    },
    signIn(key: string) {
      return this.send({ action: 'enter', credential: key });
    },
    page: () => page,
    status: () => last.status,
    headers: () => last.headers,
    forget: () => {
      cookie = '';
    },
  };
}

async function waiting(policy: object = {}) {
  const part = stage(policy);
  const first = await round(part.server, CALL, { as: 'key:alice', ...URL_ONLY });
  const { url } = asked(first);
  const next = (content: object = {}) =>
    round(part.server, answering(CALL, first, { ...content }), { as: 'key:alice', ...URL_ONLY });
  return {
    ...part,
    first,
    next,
    url: String(url),
    visit: (address?: string) => browser(part.app, String(url), address),
  };
}

describe('the page of an approval', () => {
  it('shows nothing of the call before it knows who is there, and the whole of it then', async () => {
    const { visit } = await waiting();
    const person = visit();
    await person.open();
    expect(person.status()).toBe(401);
    // But for the token of its form, in which any letters may stand.
    expect(person.page().replaceAll(/value="[^"]*"/g, '')).not.toContain('pay');
    await person.signIn('wrong');
    expect(person.status()).toBe(401);
    expect(person.page()).toContain('role="alert">This API key is unknown');
    await person.signIn(ALICE.key);
    expect(person.status()).toBe(200);
    expect(person.page()).toContain('You asked for this call yourself.');
    expect(person.page()).toContain('amount: 5000\nnote: &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;');
    expect(person.page()).toContain('password: (hidden)');
    expect(person.page()).not.toContain('hunter2');
  });

  it('lets the call go on that waits, once', async () => {
    const { visit, next, calls, wentOn } = await waiting();
    const person = visit();
    await person.open();
    await person.signIn(ALICE.key);
    expect(wentOn).toEqual([]);
    await person.send({ action: 'once' }, { origin: 'https://mcp.example' });
    expect(person.page()).toContain('Approved by <strong>key:alice</strong>. The call goes on.');
    expect(calls()).toEqual([]);
    expect(await next()).toMatchObject({ resultType: 'complete' });
    await expect(next()).rejects.toThrow('it was used already, and counts once');
    await person.send({ action: 'no' });
    expect(person.page()).toContain('Approved by');
    expect(calls()).toHaveLength(1);
    // Whoever opens the page of a decided call has it go on: the process that took the decision may have died before.
    expect(wentOn.length).toBeGreaterThan(1);
  });

  it('declines with a reason that reaches the model', async () => {
    const { visit, next, calls } = await waiting();
    const person = visit();
    await person.open();
    await person.signIn(ALICE.key);
    await person.send({ action: 'no', reason: 'Too much.' });
    expect(person.page()).toContain('Declined by <strong>key:alice</strong>');
    expect(await next()).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('Too much.') }] });
    expect(calls()).toEqual([]);
  });

  it('is nobody else’s, unless the policy names them', async () => {
    const { visit } = await waiting();
    const bob = visit();
    await bob.open();
    await bob.signIn(BOB.key);
    expect(bob.status()).toBe(403);
    expect(bob.page()).toContain('This is not yours to decide');
    expect(bob.page()).not.toContain('5000');
    await bob.send({ action: 'once' });
    expect(bob.status()).toBe(403);
    await bob.send({ action: 'leave' });
    expect(bob.page()).toContain('Sign in to decide');

    const shared = await waiting({ approvers: ['scope:approve'] });
    const carol = shared.visit();
    await carol.open();
    await carol.signIn(CAROL.key);
    expect(carol.page()).toContain('key:alice asked for it.');
    await carol.send({ action: 'once' });
    const alice = shared.visit();
    await alice.open();
    await alice.signIn(ALICE.key);
    expect(alice.status()).toBe(403);
    expect(await shared.next()).toMatchObject({ resultType: 'complete' });
    expect(shared.observed.map(({ message }) => message)).toContain('key:carol approved it once');
  });

  it('takes forms only from itself, for the visitor it made them for', async () => {
    const { visit, calls } = await waiting();
    const person = visit();
    await person.open();
    await person.signIn(ALICE.key);
    await person.send({ action: 'once' }, { origin: 'https://evil.example' });
    expect(person.status()).toBe(403);
    await person.send({ action: 'once', form: '' }, { origin: 'https://mcp.example' });
    expect(person.status()).toBe(403);
    person.forget();
    await person.send({ action: 'once' });
    expect(person.status()).toBe(403);
    const { visit: other } = await waiting();
    const stranger = other();
    await stranger.open();
    await stranger.send({ action: 'enter', credential: ALICE.key, form: 'x' });
    expect(stranger.status()).toBe(403);
    expect(calls()).toEqual([]);
  });

  it('takes ten tries to sign in within a minute, from an address with a link', async () => {
    const { visit, clock, observed } = await waiting();
    const person = visit();
    await person.open();
    for (let tries = 1; tries <= 10; tries++) {
      await person.signIn('wrong');
      expect(person.status()).toBe(401);
    }
    clock.offsetMs += 12_000;
    await person.signIn(ALICE.key);
    expect([person.status(), person.headers().get('retry-after')]).toEqual([429, '48']);
    expect(person.page()).toContain('Too many tries');
    const elsewhere = visit('192.0.2.2');
    await elsewhere.open();
    await elsewhere.signIn(ALICE.key);
    expect(elsewhere.status()).toBe(200);
    clock.offsetMs += 48_000;
    await person.open();
    await person.signIn(ALICE.key);
    expect(person.status()).toBe(200);
    expect(observed).toContainEqual({
      event: 'approval.sign_in_refused',
      level: 'warning',
      message: 'Too many tries to sign in at an approval: no more for 48 s.',
    });
  });

  it('is held to a strict policy, and kept nowhere', async () => {
    const { visit } = await waiting();
    const person = visit();
    await person.open();
    const { headers } = person;
    expect(headers().get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(headers().get('cache-control')).toBe('no-store');
    expect(headers().get('set-cookie')).toMatch(/; Path=\/approvals; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/);
  });

  it('knows no altered, foreign or expired link', async () => {
    const { url, app, clock } = await waiting();
    const status = async (link: string) => (await app.request(link, { headers: { host: 'localhost' } })).status;
    expect(await status(url)).toBe(401);
    expect(await status(`${url.slice(0, -2)}${url.endsWith('AA') ? 'BB' : 'AA'}`)).toBe(404);
    expect(await status((await waiting()).url)).toBe(404);
    clock.offsetMs = 14 * 24 * 3_600_000 + 1;
    expect(await status(url)).toBe(404);
  });

  it('says what was decided in the client', async () => {
    const part = stage();
    const both = { as: 'key:alice', capabilities: { elicitation: { form: {}, url: {} } } };
    const first = await round(part.server, CALL, both);
    expect(asked(first).mode).toBe('form');
    const person = browser(part.app, part.told[0]?.link ?? '');
    await person.open();
    await person.signIn(ALICE.key);
    expect(person.page()).toContain('Allow this call?');
    await round(part.server, answering(CALL, first, { decision: 'once' }), both);
    await person.send({ action: 'no' });
    expect(person.page()).toContain('Approved by <strong>key:alice</strong>');
  });
});
