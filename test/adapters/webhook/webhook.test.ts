/** The webhook: signed, tried again, bounded, and never at private addresses unless that is meant. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isPrivate } from '../../../core/adapters/webhook/addresses.ts';
import { signatureOf, webhook } from '../../../core/adapters/webhook/webhook.ts';
import type { Observation } from '../../../core/ports/observer.ts';

const SECRET = `whsec_${Buffer.from('a secret of 32 bytes, more or less').toString('base64')}`;
const NOTICE = {
  id: 'ticket-1',
  link: 'https://mcp.example/approvals/x',
  tool: 'pay',
  title: 'Pay',
  asker: 'key:alice',
  approvers: ['key:carol'],
  policy: 'payments',
  atMs: 1_000,
  expiresAtMs: 61_000,
};

interface Got {
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** Answers with the statuses given, then with 200. */
async function receiver(...statuses: number[]) {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { got, port, url: `http://127.0.0.1:${port}/hook`, [Symbol.asyncDispose]: async () => void server.close() };
}

function hook(url: string, over: object = {}) {
  const observed: Observation[] = [];
  const observer = (observation: Observation): void => void observed.push(observation);
  const environment = { now: () => 1_700_000_000_000 };
  return { observed, ...webhook({ url, secret: SECRET, private: true, pauseMs: 1, environment, observer, ...over }) };
}

describe('the webhook', () => {
  it('tells who asks for what and where it is decided, signed with its time', async () => {
    await using to = await receiver();
    const { tell, idle } = hook(to.url);
    tell(NOTICE);
    await idle();
    const [{ headers, body } = { headers: {}, body: '' }] = to.got;
    expect(JSON.parse(body)).toEqual({
      type: 'approval.requested',
      timestamp: '1970-01-01T00:00:01.000Z',
      text: 'key:alice asks for an approval of pay (Pay): https://mcp.example/approvals/x',
      data: {
        id: 'ticket-1',
        link: 'https://mcp.example/approvals/x',
        tool: 'pay',
        title: 'Pay',
        asker: 'key:alice',
        approvers: ['key:carol'],
        policy: 'payments',
        expiresAt: '1970-01-01T00:01:01.000Z',
      },
    });
    expect([headers['webhook-id'], headers['webhook-timestamp']]).toEqual(['ticket-1', '1700000000']);
    const key = Buffer.from('a secret of 32 bytes, more or less');
    const hmac = createHmac('sha256', key).update(`ticket-1.1700000000.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${hmac}`);
    expect(signatureOf(SECRET, 'ticket-1', 1_700_000_001, body)).not.toBe(`v1,${hmac}`);
  });

  it('tries again after an error, follows no redirect, and gives up after a bounded number of times', async () => {
    await using to = await receiver(500, 302);
    const first = hook(to.url);
    first.tell(NOTICE);
    await first.idle();
    expect([to.got.length, first.observed]).toEqual([3, []]);

    await using broken = await receiver(...Array.from({ length: 20 }, () => 503));
    const second = hook(broken.url);
    second.tell(NOTICE);
    await second.idle();
    expect(broken.got).toHaveLength(6);
    expect(second.observed).toMatchObject([
      { event: 'webhook.failed', message: 'The webhook was tried 6 times: it answered with status 503.' },
    ]);
  });

  it('does not go to private addresses, by number or by name, unless it is told to', async () => {
    await using to = await receiver();
    for (const url of [to.url, `http://localhost:${to.port}/hook`, `http://[::1]:${to.port}/`]) {
      const { tell, idle, observed } = hook(url, { private: false });
      tell(NOTICE);
      await idle();
      expect(observed[0]?.message).toContain('private address');
    }
    expect(to.got).toEqual([]);
  });

  it('stops trying when it is closed', async () => {
    await using to = await receiver(...Array.from({ length: 20 }, () => 503));
    const { tell, close } = hook(to.url, { pauseMs: 60_000 });
    tell(NOTICE);
    await expect.poll(() => to.got.length).toBe(1);
    await close();
    expect(to.got).toHaveLength(1);
  });
});

it.each([
  ['127.0.0.1', true],
  ['10.1.2.3', true],
  ['169.254.169.254', true],
  ['172.31.0.1', true],
  ['100.100.0.1', true],
  ['::1', true],
  ['fe80::1', true],
  ['fd00::1', true],
  ['::ffff:192.168.1.1', true],
  ['::ffff:c0a8:101', true],
  ['nonsense', true],
  ['93.184.216.34', false],
  ['172.32.0.1', false],
  ['2606:2800:220:1::1', false],
])('%s: private is %s', (address, expected) => {
  expect(isPrivate(address)).toBe(expected);
});
