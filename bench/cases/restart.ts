/**
 * A call waits, its process is killed, another one is started on the same folder, the client resumes and answers: how long
 * from the start of the process, and how long from the answer, to the result.
 */
import type { Bench } from '../bench.ts';
import { answer, waitingCall } from '../load/calls.ts';
import { eventsOf, Lane } from '../load/lane.ts';
import type { Spread } from '../statistics.ts';
import { spreadOf } from '../statistics.ts';

export interface RestartScore {
  /** From the start of the new process to the result. */
  readonly fromStartMs: Spread;
  /** Of that, until it listens. */
  readonly startMs: Spread;
  /** From the answer to the result: the first run of the program in the process. */
  readonly fromAnswerMs: Spread;
}

export async function restarts(bench: Bench, repetitions: number): Promise<RestartScore> {
  bench.say(`answer after SIGKILL and restart, ${repetitions} times`);
  const times = [];
  for (let repetition = 0; repetition < repetitions; repetition++) times.push(await restart(bench));
  return {
    fromStartMs: spreadOf(times.map(time => time.fromStartMs)),
    startMs: spreadOf(times.map(time => time.startMs)),
    fromAnswerMs: spreadOf(times.map(time => time.fromAnswerMs)),
  };
}

async function restart(bench: Bench): Promise<Record<keyof RestartScore, number>> {
  const data = bench.folder();
  const first = await bench.fermata('program', data);
  const before = await Lane.open(first.url);
  const { question, eventId, response } = await waitingCall(before);
  if (eventId === undefined) throw new Error('The question came without an event id.');
  response.destroy();
  await first.kill();

  const startedAt = performance.now();
  const second = await bench.fermata('program', data);
  const listeningAt = performance.now();
  const after = before.at(second.url);
  const stream = await after.resume(eventId);
  const answeredAt = performance.now();
  const answered = answer(after, question, 23);
  for await (const { message } of eventsOf(stream)) if (message !== undefined && 'result' in message) break;
  const endedAt = performance.now();
  await answered;
  after.close();
  await bench.endAll();
  return {
    fromStartMs: endedAt - startedAt,
    startMs: listeningAt - startedAt,
    fromAnswerMs: endedAt - answeredAt,
  };
}
