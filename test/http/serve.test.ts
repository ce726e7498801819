import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { httpApp } from '../../core/http/app.ts';
import { anonymous } from '../../core/http/authenticator.ts';
import { serveHttp } from '../../core/http/serve.ts';
import { eventsOf, postLegacy } from '../support/raw-http.ts';
import type { Script } from '../support/scripted-stateful.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';

const appOf = (script: Script) =>
  httpApp({ server: scriptedStateful(script), authenticate: anonymous(), observer: () => undefined });
const serve = (script: Script, port = 0) => serveHttp({ app: appOf(script), host: '127.0.0.1', port });

/** What comes back for bytes that no HTTP client would send. */
const raw = (port: number, text: string) =>
  new Promise<string>((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    socket.setEncoding('utf8').on('data', chunk => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
  });

describe('serving', () => {
  it('tells where, and stops when it is told to', async () => {
    const server = await serve({});
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await server.close(1_000);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  it('says which port is in use, and what to do', async () => {
    const first = await serve({});
    await expect(serve({}, first.port)).rejects.toMatchObject({
      code: 'setting_invalid',
      message: `Port ${first.port} on 127.0.0.1 is in use. Stop what uses it, or choose another port with --port or PORT.`,
    });
    await first.close(0);
  });

  it('says that an address is none of this machine', async () => {
    await expect(serveHttp({ app: appOf({}), host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'setting_invalid',
      message: '192.0.2.1 is no address of this machine. Choose one with --host or HOST, such as 127.0.0.1.',
    });
  });

  it('answers what is no HTTP, or has no proper Host, and lives on', async () => {
    const server = await serve({});
    expect(await raw(server.port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    const strange = await raw(server.port, 'POST /mcp HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n');
    expect(strange).toMatch(/^HTTP\/1\.1 400 /);
    expect(strange).toContain('"code":"invalid_request"');
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await server.close(0);
  });

  it('answers a body that is too large with 413, on a connection that is still read', async () => {
    const server = await serve({});
    const response = await postLegacy(`${server.url}/mcp`, { text: 'x'.repeat(5 * 1024 * 1024) });
    expect([response.status, (await response.json()).error.data.code]).toEqual([413, 'body_too_large']);
    await server.close(0);
  });
});

describe('closing', () => {
  const streaming = (proceed: Promise<void>): Script => ({
    receive: () => ({
      kind: 'stream',
      events: (async function* () {
        yield { id: 'n1.0' };
        await proceed;
        yield { retry: 1000 };
      })(),
    }),
  });

  it('waits for open streams to end', async () => {
    let finish: () => void = () => undefined;
    const proceed = new Promise<void>(resolve => {
      finish = resolve;
    });
    const server = await serve(streaming(proceed));
    const response = await postLegacy(`${server.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'x' });
    const closed = server.close(10_000);
    finish();
    expect(await response.text()).toBe('id: n1.0\ndata: \n\nretry: 1000\n\n');
    await closed;
  });

  it('does not wait for connections on which nothing was asked', async () => {
    const server = await serve({});
    const socket = connect(server.port, '127.0.0.1');
    const over = new Promise(resolve => socket.once('close', resolve));
    await new Promise<void>(resolve => socket.once('connect', () => resolve()));
    await server.close(60_000);
    await over;
  });

  it('cuts what has not ended in time', async () => {
    const server = await serve(streaming(new Promise(() => undefined)));
    const events = eventsOf(await postLegacy(`${server.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'x' }));
    expect((await events.next()).value).toEqual({ data: '', id: 'n1.0' });
    await server.close(20);
    await expect(events.next()).rejects.toThrow();
  });
});
