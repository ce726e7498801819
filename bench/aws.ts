/**
 * `npm run bench:aws`: what the way over AWS adds, on the local stack: bundles and their import, the hop through the proxy, requests
 * to the table for each flow, and how late a result is for a client that comes back to look.
 *
 * Milliseconds of this machine, whose Lambda starts processes instead of microVMs: what counts is differences and numbers of requests.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isRequest, isResponse } from '../core/protocol/messages.ts';
import { eventsIn, isStream, messagesIn, WireClient } from '../test/support/clients/wire.ts';
import type { FaultProxy } from '../test/support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../test/support/dynamodb/fault-proxy.ts';
import type { UpstreamName } from '../test/support/lambda/deployment.ts';
import { Deployment } from '../test/support/lambda/deployment.ts';
import { quantile } from './statistics.ts';

const CALLS = 150;
const IMPORTS = 25;
const QUESTIONS = 6;
const PROXY_BYTES_MAX = 600_000;
const PROXY_IMPORT_MS_MAX = 80;

const round = (value: number): string => String(Math.round(value * 10) / 10);
const verdict = (isMet: boolean): string => (isMet ? 'met' : 'missed');

interface Start {
  readonly wallMs: number;
  /** Of the processor: what other processes take from it does not count. */
  readonly cpuMs: number;
}

/** Imports a bundle in a process that has imported nothing, and does something more. */
function startOf(url: string, variables: NodeJS.ProcessEnv, more = ''): Start {
  const script =
    'globalThis.awslambda={streamifyResponse:h=>h,HttpResponseStream:{from:s=>s}};' +
    'const t=performance.now(),c=process.cpuUsage();' +
    `await import(${JSON.stringify(url)});${more}` +
    'const {user,system}=process.cpuUsage(c);' +
    'console.log(JSON.stringify({wallMs:performance.now()-t,cpuMs:(user+system)/1e3}));process.exit(0)';
  const env = { PATH: process.env.PATH, ...variables };
  const args = ['--no-warnings', '--input-type=module', '-e', script];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
}

/** The first request of every function makes one, and Node loads its own undici then. */
const FIRST_REQUEST = "new Request('http://localhost/');";

/** Bytes and import of each function of a deployment. */
function functionLines(deployment: Deployment, names: Readonly<Record<string, string>>): void {
  console.log(
    `Node ${process.version}; ${IMPORTS} imports of each function, in processes of their own: median (least)`,
  );
  for (const [name, file] of Object.entries(names)) {
    const { options } = deployment.lambda.get(name);
    const url = pathToFileURL(join(options.taskRoot, `${file}.mjs`)).href;
    const variables = { ...deployment.lambda.variables, ...options.variables };
    const starts = Array.from({ length: IMPORTS }, () => startOf(url, variables));
    const bytes = deployment.sizes[file] ?? Number.NaN;
    const cpu = starts.map(({ cpuMs }) => cpuMs);
    const importMs = quantile(cpu, 0.5);
    const wall = starts.map(({ wallMs }) => wallMs);
    console.log(
      `${file.padEnd(9)} ${Math.round(bytes / 1_000)} kB, import ${both(cpu)} ms of the processor, ${both(wall)} ms by the clock`,
    );
    if (name !== 'proxy') continue;
    const ready = Array.from({ length: IMPORTS }, () => startOf(url, variables, FIRST_REQUEST).cpuMs);
    console.log(
      `          aims 600 kB: ${verdict(bytes <= PROXY_BYTES_MAX)}, 80 ms of the processor: ${verdict(importMs <= PROXY_IMPORT_MS_MAX)}; ` +
        `with what the first request loads of Node ${both(ready)} ms`,
    );
  }
}

const both = (times: readonly number[]): string => `${round(quantile(times, 0.5))} (${round(quantile(times, 0))})`;

/** Milliseconds of plain calls, one after the other. */
async function timesOf(client: WireClient, tool: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    const beganMs = performance.now();
    await messagesIn(await client.post(client.tool(tool, {})));
    times.push(performance.now() - beganMs);
  }
  return times.slice(CALLS / 10);
}

interface Asked {
  readonly lateMs: number;
  readonly requests: number;
}

/** A call with one question, whose client looks when it was told to: how long after its answer it has the result. */
async function askedCall(deployment: Deployment, table: FaultProxy, nth: number): Promise<Asked> {
  const client = await WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  await deployment.quiet();
  const before = table.asked.length;
  const call = await client.post(client.tool('cancel_order', { order: `A-100${1 + (nth % 3)}` }));
  let retryMs = 1_000;
  let last = '';
  let question: string | number | undefined;
  for await (const { id, retry, message } of eventsIn(call)) {
    retryMs = retry ?? retryMs;
    last = id ?? last;
    if (message !== undefined && isRequest(message)) question = message.id;
  }
  if (question === undefined) throw new Error('The call asked nothing.');
  // Answers do not keep time with looks.
  await pause((nth * retryMs) / QUESTIONS);
  let answeredMs = 0;
  const answering = (async () => {
    await pause(retryMs / 2);
    await client.answer(question, { action: 'accept', content: { sure: false } });
    answeredMs = performance.now();
  })();
  for (;;) {
    await pause(retryMs);
    const look = await client.resume(last);
    for await (const event of eventsIn(look)) {
      last = event.id ?? last;
      retryMs = event.retry ?? retryMs;
      if (event.message === undefined || !isResponse(event.message)) continue;
      await answering;
      return { lateMs: performance.now() - answeredMs, requests: table.asked.length - before };
    }
  }
}

async function withDeployment(
  upstream: UpstreamName,
  use: (deployment: Deployment, table: FaultProxy) => Promise<void>,
): Promise<void> {
  const tables: FaultProxy[] = [];
  const between = async (endpoint: string): Promise<string> => {
    const table = await startFaultProxy(endpoint);
    tables.push(table);
    return table.endpoint;
  };
  const deployment = await Deployment.start({ upstream, between });
  try {
    for (const table of tables) await use(deployment, table);
  } finally {
    await deployment[Symbol.asyncDispose]();
    for (const table of tables) await table.stop();
  }
}

await withDeployment('runner', async (deployment, table) => {
  functionLines(deployment, { proxy: 'proxy', driver: 'drive', upstream: 'upstream' });
  const { options } = deployment.lambda.get('proxy');
  // The same proxy, and one that only hands on to it: what the second adds is the hop.
  const second = { ...options.variables, FERMATA_UPSTREAM: deployment.url, FERMATA_UPSTREAM_KIND: 'server' };
  const [name, value] = Object.entries(deployment.headers)[0] ?? ['', ''];
  const variables = { ...second, FERMATA_UPSTREAM_HEADERS: `${name}: ${value}` };
  await deployment.lambda.create('outer', { ...options, variables });
  const inner = await WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const outer = await WireClient.open(`${deployment.lambda.urlOf('outer')}/mcp`, {
    headers: { ...deployment.headers },
  });
  const isPlain = !isStream(await inner.post(inner.tool('list_expenses', {})));
  const before = table.asked.length;
  const one = quantile(await timesOf(inner, 'list_expenses'), 0.5);
  const requests = (table.asked.length - before) / CALLS;
  const two = quantile(await timesOf(outer, 'list_expenses'), 0.5);
  console.log(
    `plain call ${isPlain ? '(JSON)' : '(stream)'}: p50 ${round(one)} ms; through one more proxy ${round(two)} ms`,
  );
  console.log(`added p50 of the proxy hop: ${round(two - one)} ms, Function URL and runtime included`);
  console.log(`requests to DynamoDB of a plain call: ${round(requests)}`);
});
await withDeployment('express', async (deployment, table) => {
  const asked: Asked[] = [];
  for (let nth = 0; nth < QUESTIONS; nth++) asked.push(await askedCall(deployment, table, nth));
  const late = asked.map(({ lateMs }) => lateMs);
  const [p50, most] = [quantile(late, 0.5), quantile(late, 1)].map(round);
  const requests = quantile(
    asked.map(call => call.requests),
    0.5,
  );
  console.log(`requests to DynamoDB of a call with one question, looks included: ${round(requests)}`);
  console.log(`from answer to result, for a client that looks each second: p50 ${p50} ms, most ${most} ms`);
});
