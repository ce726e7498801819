/** Functions that show how their environment behaves: a buffered one, a streaming one, and an app behind each entry. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { bufferedEntry } from '../../../../core/adapters/lambda-entry/buffered.ts';
import { callerArnOf } from '../../../../core/adapters/lambda-entry/event.ts';
import type { LambdaContext } from '../../../../core/adapters/lambda-entry/runtime.ts';
import { awsLambda } from '../../../../core/adapters/lambda-entry/runtime.ts';
import { streamingEntry } from '../../../../core/adapters/lambda-entry/streaming.ts';

let invocations = 0;
let ticks = 0;
setInterval(() => ticks++, 10);

interface Wish {
  readonly failAt?: number;
  readonly chunks?: number;
  readonly pauseMs?: number;
  readonly exit?: boolean;
  readonly bytes?: number;
}

interface TenantContext extends LambdaContext {
  readonly tenantId?: string;
}

export const buffered = async (wish: Wish, context: TenantContext) => {
  invocations++;
  if (wish.exit) process.exit(3);
  if (wish.failAt !== undefined) throw new TypeError('No.');
  await pause(wish.pauseMs ?? 0);
  const text = 'x'.repeat(wish.bytes ?? 0);
  return { invocations, ticks, tenant: context.tenantId, pid: process.pid, text };
};

export const streaming = awsLambda().streamifyResponse(async (event, stream) => {
  const { chunks = 1, failAt, pauseMs = 0 } = event as Wish;
  for (let i = 0; i < chunks; i++) {
    if (i === failAt) throw new TypeError('No.');
    stream.write(`chunk ${i}\n`);
    await pause(pauseMs);
  }
  stream.end();
});

/** Resolves when whoever asked has made the file of that name. */
async function sign(file: string): Promise<void> {
  while (!existsSync(file)) await pause(10);
}

const encoder = new TextEncoder();
let behind: Promise<void> = Promise.resolve();
const events = (chunks: readonly (string | Error)[], beforeNext: () => Promise<unknown>): Response => {
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = left.shift();
        if (next === undefined) return controller.close();
        if (next instanceof Error) return controller.error(next);
        controller.enqueue(encoder.encode(next));
        await beforeNext();
      },
      cancel: () => {
        console.log('body cancelled');
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
};

async function fetch(request: Request): Promise<Response> {
  const { pathname, search, searchParams } = new URL(request.url);
  const signed = () => sign(searchParams.get('until') ?? '');
  switch (pathname) {
    case '/echo': {
      const said = { method: request.method, search, body: await request.text(), caller: callerArnOf(request) };
      const response = Response.json({ ...said, headers: Object.fromEntries(request.headers) }, { status: 201 });
      for (const cookie of ['a=1; Path=/', 'b=2']) response.headers.append('set-cookie', cookie);
      return response;
    }
    case '/silent':
      return events([], () => pause(60_000));
    case '/events':
      return events(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'], signed);
    case '/broken':
      return events(['data: 1\n\n', new Error('secret text')], async () => undefined);
    case '/endless':
      return events(Array(10_000).fill('data: more\n\n'), () => pause(50));
    case '/nothing':
      return new Response(null, { status: 204 });
    case '/never':
      return new Promise(() => undefined);
    case '/throws':
      throw new Error('secret text');
    case '/bytes':
      return new Response(Uint8Array.of(0, 255, 1), { headers: { 'content-type': 'image/png' } });
    case '/large':
      return new Response(encoder.encode('0123456789'.repeat(2_000_000)), {
        headers: { 'content-type': 'text/plain' },
      });
    case '/behind':
      behind = signed().then(() => console.log('behind is over'));
      return new Response('soon');
    default:
      return new Response('nothing here', { status: 404 });
  }
}

const entry = {
  app: { fetch },
  observer: (observation: unknown) => console.log(JSON.stringify(observation)),
  afterwards: () => behind,
};
export const web = streamingEntry(entry);
export const whole = bufferedEntry(entry);
