/**
 * `npm run bench:bridge`: what it costs that Fermata stands between a client and a server, in each of the four pairs of eras, against
 * a plain reverse proxy that forwards bytes to the same server in the same run; and what of it is Fermata without HTTP, and translation
 * alone, measured in process. A proxy of bytes cannot translate, so its client is always of the server's era. `--quick` says less. How to read it:
 * `docs/speed.md`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Bench } from './bench.ts';
import { compiled } from './compiled.ts';
import { MODERN_HEADERS, modernCall, plainCall } from './load/calls.ts';
import { Lane } from './load/lane.ts';
import { cell, machineName, table } from './report.ts';
import type { EngineScore } from './servers/engine.ts';
import type { Contestant, Score } from './side-by-side.ts';
import { legacyContestant, sideBySide } from './side-by-side.ts';
import type { Started } from './started.ts';
import { translations } from './translation.ts';

const quick = process.argv.includes('--quick');
const pace = quick ? { repetitions: 5, sliceMs: 400 } : { repetitions: 9, sliceMs: 1_500 };
const AIM_MS = 0.15;

const modern = (name: string, server: Started): Contestant => ({
  name,
  server,
  call: modernCall,
  open: async () => new Lane(server.url, MODERN_HEADERS),
});

/** A client of 2025 at a server that opens no sessions. */
const sessionless = (name: string, server: Started): Contestant => ({
  name,
  server,
  call: plainCall,
  open: async () => new Lane(server.url, { 'mcp-protocol-version': '2025-11-25' }),
});

/** A server of one era: itself, behind a proxy of bytes, and behind Fermata for clients of both eras. */
async function measured(bench: Bench, era: '2025' | '2026'): Promise<readonly string[][]> {
  const upstream = await bench.start('upstream', [era]);
  const [proxy, fermata] = await Promise.all([
    bench.start('reverse-proxy', [upstream.url]),
    bench.fermataBefore(upstream.url),
  ]);
  const own = era === '2026' ? modern : sessionless;
  const contestants = [
    own('plain reverse proxy', proxy),
    own('the server itself', upstream),
    legacyContestant(`Fermata, 2025 → ${era}`, fermata, plainCall),
    modern(`Fermata, 2026 → ${era}`, fermata),
  ];
  bench.say(`calls of a server of ${era}`);
  const scores = await sideBySide(contestants, 1, pace);
  await bench.endAll();
  return scores.map(score => row(era, score));
}

const row = (era: string, { name, p50Ms, addedP50Ms, processorMicros }: Score): string[] => [
  era,
  name,
  cell(p50Ms, 2),
  cell(addedP50Ms, 2),
  name.startsWith('Fermata') ? (addedP50Ms.median < AIM_MS ? 'met' : 'missed') : '',
  cell(processorMicros, 0),
];

const overHttp = (rows: readonly (readonly string[])[]): string =>
  table(['server', 'contestant', 'p50 ms', 'added p50, ms', `under ${AIM_MS} ms`, 'its CPU µs/call'], rows);

/** Fermata without HTTP, in a process of its own, and translation alone. */
async function inProcess(bench: Bench, slices: number): Promise<string> {
  bench.say('Fermata in process, without HTTP');
  const child = fork(await compiled('engine'), [String(slices), bench.folder(), bench.folder()], { execArgv: [] });
  let engine: readonly EngineScore[] = [];
  child.on('message', scores => {
    engine = scores as readonly EngineScore[];
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error('The measurement in process failed. Its last words are above.');
  bench.say('translation in process');
  const rows = translations(slices).map(({ pair, bareMicros, withJsonMicros }) => {
    const whole = engine.find(score => score.pair === pair);
    return [pair, cell(bareMicros, 2), cell(withJsonMicros, 1), whole === undefined ? '' : cell(whole.micros, 1)];
  });
  return table(
    [
      'client → server',
      'translation, µs/call',
      'with JSON read and written, µs/call',
      'all of Fermata but HTTP, µs/call',
    ],
    rows,
  );
}

const bench = new Bench();
try {
  const http = overHttp([...(await measured(bench, '2026')), ...(await measured(bench, '2025'))]);
  const parts = [
    `${new Date().toISOString().slice(0, 10)}, ${machineName()}${quick ? ' (quick run)' : ''}`,
    `### Calls over HTTP, one in flight\n\n${http}`,
    `### In process\n\n${await inProcess(bench, quick ? 9 : 15)}`,
  ];
  process.stdout.write(`\n${parts.join('\n\n')}\n`);
} finally {
  await bench.endAll();
}
process.exit(0);
