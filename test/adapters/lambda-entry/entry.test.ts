/** An app behind a Function URL of the local Lambda: what a client sees of its responses, streamed and buffered. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProbeLambda } from '../../support/lambda/probe-lambda.ts';

const ARN = 'arn:aws:sts::123456789012:assumed-role/Reader/session';

let probe: ProbeLambda;
beforeAll(async () => {
  probe = await ProbeLambda.start({
    web: { is: 'web', url: 'RESPONSE_STREAM', timeoutMs: 60_000 },
    signed: { is: 'web', url: 'RESPONSE_STREAM', urlCallerArn: ARN, timeoutMs: 60_000 },
    brief: { is: 'web', url: 'RESPONSE_STREAM', timeoutMs: 2_500 },
    whole: { is: 'whole', url: 'BUFFERED', timeoutMs: 60_000 },
    'brief-whole': { is: 'whole', url: 'BUFFERED', timeoutMs: 2_500 },
  });
});
afterAll(async () => {
  await probe[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** For files that tell a function what its client has seen. */
const folder = mkdtempSync(join(tmpdir(), 'fermata-entry-'));

const at = (name: string, path: string) => `${probe.lambda.urlOf(name)}${path}`;
const output = (name: string) => probe.lambda.get(name).output;

describe.each(['web', 'whole'])('the entry of the function %s', name => {
  it('gives the app the request, and the client the response', async () => {
    const headers = { 'content-type': 'application/json', cookie: 'k=v; l=w', 'mcp-session-id': 's' };
    const response = await fetch(at(name, '/echo?a=1&a=2&b=%20'), { method: 'POST', body: '{"ü":1}', headers });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(await response.json()).toMatchObject({
      method: 'POST',
      search: '?a=1&a=2&b=%20',
      body: '{"ü":1}',
      headers: { cookie: 'k=v; l=w', 'mcp-session-id': 's', 'content-length': '8' },
    });
  });

  it('gives the app a body that is no text, and the client one', async () => {
    const body = Uint8Array.of(0xc3, 0x28);
    const echoed = await fetch(at(name, '/echo'), { method: 'POST', body });
    expect(await echoed.json()).toMatchObject({ headers: { 'content-length': '2' } });
    const bytes = await (await fetch(at(name, '/bytes'))).bytes();
    expect([...bytes]).toEqual([0, 255, 1]);
  });

  it('sends a status without a body', async () => {
    const response = await fetch(at(name, '/nothing'));
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect((await fetch(at(name, '/elsewhere'))).status).toBe(404);
  });

  it('answers for an app that throws, and tells nobody why', async () => {
    const response = await fetch(at(name, '/throws'));
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      error: {
        code: -32603,
        message: 'Internal error. Its details are in the server log.',
        data: { code: 'internal' },
      },
    });
  });
});

describe('a streamed response', () => {
  it('shows its head before its body has begun', async () => {
    const leave = new AbortController();
    const response = await fetch(at('brief', '/silent'), { signal: leave.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    leave.abort();
  });

  it('comes as it is made', async () => {
    const until = join(folder, 'one-came');
    const response = await fetch(at('web', `/events?until=${until}`));
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      // Made only now, and so was what follows the first.
      if (text === ':\n\ndata: 1\n\n') writeFileSync(until, '');
    }
    expect(text).toBe(':\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n');
  });

  it('that breaks ends with an event that says so, and the environment lives on', async () => {
    const { environments } = probe.lambda.get('web');
    const response = await fetch(at('web', '/broken'));
    const text = await response.text();
    expect(text).toMatch(/^:\n\ndata: 1\n\nevent: error\ndata: \{"jsonrpc":"2.0","error":\{"code":-32603,.*\}\n\n$/);
    expect(text).not.toContain('secret');
    await expect.poll(() => [...environments].map(({ phase }) => phase)).toEqual(['frozen']);
    expect(output('web')).toContain('secret text');
  });

  it('that would outlast the invocation is ended before, with word to come back', async () => {
    const response = await fetch(at('brief', '/endless'));
    const text = await response.text();
    expect(text.startsWith(':\n\ndata: more\n\n')).toBe(true);
    expect(text.endsWith('data: more\n\nretry: 1000\n\n')).toBe(true);
    await expect.poll(() => output('brief')).toContain('body cancelled');
    expect(probe.lambda.get('brief').billed.map(({ error }) => error)).not.toContain('Sandbox.Timedout');
  });

  it('of any size arrives whole', async () => {
    const text = await (await fetch(at('web', '/large'))).text();
    expect(text.length).toBe(20_000_000);
  });

  it('may be followed by work, which the invocation lasts for', async () => {
    const web = probe.lambda.get('web');
    const until = join(folder, 'response-came');
    expect(await (await fetch(at('web', `/behind?until=${until}`))).text()).toBe('soon');
    await pause(300);
    expect(web.output).not.toContain('behind is over');
    writeFileSync(until, '');
    await web.quiet();
    expect(web.output).toContain('behind is over');
    expect(web.billed.at(-1)?.billedMs).toBeGreaterThanOrEqual(290);
  });
});

describe('a response that does not come', () => {
  it.each(['brief', 'brief-whole'])('is a 504 of the function %s while there is still time to say so', async name => {
    const response = await fetch(at(name, '/never'));
    expect(response.status).toBe(504);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error: { data: { code: 'upstream_timeout' } } });
  });
});

describe('the caller', () => {
  it('is known where the URL verifies signatures, and nowhere else', async () => {
    const signed = await (await fetch(at('signed', '/echo'))).json();
    const other = await (await fetch(at('web', '/echo'), { headers: { 'x-amzn-iam-user-arn': ARN } })).json();
    expect([signed, other]).toEqual([
      expect.objectContaining({ caller: ARN }),
      expect.not.objectContaining({ caller: expect.anything() }),
    ]);
  });
});
