/**
 * The kill test of `test/scenarios` on the local Lambda: calls with two questions each go on while proxies, drivers and runners
 * are killed and stopped at random. The oracle is the same: nothing lost, nothing repeated, nothing hangs.
 *
 * `FERMATA_TRIALS=500 FERMATA_TEST_SEED=7 npm run test:aws` runs more of them, and others.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import {
  answerFor,
  endingOf,
  fieldOf,
  outcomeComplaints,
  redeliveryComplaints,
  streamComplaints,
} from '../scenarios/kill/oracle.ts';
import type { Trial } from '../scenarios/kill/plan.ts';
import { planOf, TRIALS_PER_LAP } from '../scenarios/kill/plan.ts';
import { Chance } from '../scenarios/kill/random.ts';
import type { CallRecord } from '../support/clients/patient-call.ts';
import { patientCall } from '../support/clients/patient-call.ts';
import type { WireEvent } from '../support/clients/wire.ts';
import { eventsIn, WireClient } from '../support/clients/wire.ts';
import { Deployment } from '../support/lambda/deployment.ts';
import type { Billed } from '../support/lambda/environment.ts';
import { storm } from './storm.ts';

const TRIALS = Number(process.env.FERMATA_TRIALS ?? 12);
const SEED = Number(process.env.FERMATA_TEST_SEED ?? 1);
/** At the same time: each has up to three processes. */
const TRIALS_AT_ONCE = 12;
/** How long a storm lasts; calls that are not over by then finish in calm weather. */
const STORM_MS = 12_000;
/** A dead driver is known by its lapsed lease, and a call may lose several. */
const CALL_MS_MAX = 240_000;
const CALLS_MAX = 8;
const LAP_MS_MAX = 300_000;

/** What the front of a function answers when its process died, and what the product answers when it was in the middle of things. */
const bears = (status: number): boolean => status === 502 || status === 503 || status === 504;

interface Arena {
  readonly notes: string;
  readonly chance: Chance;
}

/** One trial: its complaints. */
async function play(trial: Trial, client: WireClient, { notes, chance }: Arena): Promise<readonly string[]> {
  const calls: CallRecord[] = [];
  const finals: number[] = [];
  do {
    const { name, tool, workMs, quiet } = trial;
    const nth = calls.length + 1;
    const request = client.tool(tool, { trial: name, workMs, quiet, notes }, { progressToken: `${name}-${nth}` });
    const answer: Parameters<typeof patientCall>[2]['answer'] = async question => {
      const field = fieldOf(question);
      await pause(chance.between(0, 3_000));
      return { action: 'accept', content: { [field]: answerFor(trial, field, nth) } };
    };
    calls.push(await patientCall(client, request, { answer, bears }, CALL_MS_MAX));
    const noted = readFileSync(notes, 'utf8').split('\n');
    finals.push(noted.filter(line => line === `${name} final`).length);
  } while (calls.length < CALLS_MAX && calls.map(endingOf).at(-1) === 'lost');
  const complaints = [...outcomeComplaints({ trial, calls, finals })];
  for (const call of calls) {
    complaints.push(...streamComplaints(call), ...redeliveryComplaints(call, await redelivered(client, call)));
  }
  return complaints.length === 0 ? [] : [...complaints, `record of ${trial.name}: ${JSON.stringify(calls)}`];
}

async function redelivered(client: WireClient, { attachments }: CallRecord): Promise<readonly WireEvent[]> {
  const id = attachments.flatMap(({ events }) => events).find(event => event.id !== undefined)?.id;
  if (id === undefined) return [];
  for (;;) {
    const response = await client.resume(`${id.slice(0, id.lastIndexOf('.'))}.0`, AbortSignal.timeout(CALL_MS_MAX));
    if (bears(response.status)) continue;
    const events: WireEvent[] = [];
    for await (const event of eventsIn(response)) events.push(event);
    return events;
  }
}

/** How often an environment worked for these requests while another one did. */
const overlapsOf = (billed: readonly Billed[]): number =>
  billed.filter(one =>
    billed.some(
      other =>
        other.environment !== one.environment && other.atMs <= one.atMs && one.atMs < other.atMs + other.billedMs,
    ),
  ).length;

it.each(
  Array.from(
    { length: Math.ceil(TRIALS / TRIALS_AT_ONCE) },
    (_, lap) => SEED + lap * (TRIALS_AT_ONCE / TRIALS_PER_LAP),
  ),
)('loses, repeats and forgets nothing in a storm (seed %i)', { timeout: LAP_MS_MAX }, async seed => {
  const variables = { FERMATA_HOLD: '1s' };
  const upstream = { source: 'test/support/lambda/handlers/programs.ts', exported: 'booking', isProgram: true };
  await using deployment = await Deployment.start({ upstream, variables, timeoutMs: 120_000 });
  const folder = mkdtempSync(join(tmpdir(), 'fermata-storm-'));
  const arena = { notes: join(folder, 'notes'), chance: new Chance(seed) };
  appendFileSync(arena.notes, '');
  const open = () => WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const common = await open();
  const trials = Array.from(
    { length: TRIALS_AT_ONCE / TRIALS_PER_LAP },
    (_, lap) => planOf(seed + lap, 0).trials,
  ).flat();
  const players: (readonly [Trial, WireClient])[] = [];
  for (const trial of trials) players.push([trial, trial.ownSession ? await open() : common]);
  const sharing = new Set<string>();
  common.onResponse = ({ headers }) => sharing.add(headers.get('x-amzn-requestid') ?? '');

  const over = new AbortController();
  const raging = storm(deployment, new Chance(seed + 1_000), over.signal);
  const calm = setTimeout(() => over.abort(), STORM_MS);
  const beganMs = performance.now();
  const complaints = (await Promise.all(players.map(([trial, client]) => play(trial, client, arena)))).flat();
  clearTimeout(calm);
  over.abort();
  const damage = await raging;
  await deployment.quiet();
  const proxies = deployment.lambda.get('proxy').billed;
  const together = overlapsOf(proxies.filter(({ requestId }) => sharing.has(requestId)));
  console.log(
    `seed ${seed}: ${trials.length} calls through ${damage.kills} kills and ${damage.stalls} stops (${damage.atWork} at work), ` +
      `${new Set(proxies.map(({ environment }) => environment)).size} proxies, ${together} times two of them in one session, ` +
      `${Math.round((performance.now() - beganMs) / 1_000)} s`,
  );
  expect(complaints).toEqual([]);
  expect(damage.kills).toBeGreaterThan(5);
  expect(together).toBeGreaterThan(0);
  const ofSleeper = deployment.lambda.billed.filter(({ environment }) => environment === damage.sleeper?.id);
  expect(Math.max(...ofSleeper.map(({ billedMs }) => billedMs))).toBeGreaterThan(LIMITS.leaseMs);
  rmSync(folder, { recursive: true, force: true });
});
