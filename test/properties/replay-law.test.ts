/**
 * The law of laws: for every program and every timing of answers, suspending and replaying gives the same result, asks the
 * same questions once each, and says the same things once each and in order, as running straight through.
 *
 * A client may answer some questions of a round and not others, in any order, wrongly at first, or twice; every round may be
 * served by another process. Set `REPLAY_LAW_RUNS` for more than the usual number of programs.
 */

import { expect, test } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import type { RpcNotification } from '../../core/protocol/messages.ts';
import fc from '../support/fast-check.ts';
import type { Caller, Told } from '../support/programs/calling.ts';
import { callerOf, memoryGuard, questionsIn, retried, textOf, told, toolCall } from '../support/programs/calling.ts';
import type { Plot } from '../support/programs/plots.ts';
import { plots, staged } from '../support/programs/plots.ts';
import { straightThrough } from '../support/programs/straight.ts';

type Json = Record<string, unknown>;
type Question = { method: string; params?: Json };

/** How a client behaves in one round. */
interface Manner {
  /** Which of the questions it answers, by place. */
  readonly answers: readonly boolean[];
  readonly isBackwards: boolean;
  /** Which of the answers it gets wrong. */
  readonly wrong: number | undefined;
  /** It sends the retry twice. */
  readonly isTwice: boolean;
  /** The process that served the round before is there no more. */
  readonly isElsewhere: boolean;
}

const manners: fc.Arbitrary<readonly Manner[]> = fc.array(
  fc.record({
    answers: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    isBackwards: fc.boolean(),
    wrong: fc.option(fc.nat(6), { nil: undefined, freq: 4 }),
    isTwice: fc.boolean(),
    isElsewhere: fc.boolean(),
  }),
  { maxLength: 12 },
);

/** What the person wants to say, whoever asks and however often: it depends on the question and its number alone. */
class Person {
  readonly #choices: readonly number[];
  readonly #asked = new Map<string, number>();

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  /** The answer to a question that is new to it. */
  answer({ method, params }: Question): Json {
    const asked = JSON.stringify([method, params?.message, params?.messages]);
    const nth = this.#asked.get(asked) ?? 0;
    this.#asked.set(asked, nth + 1);
    const choice =
      this.#choices[([...asked].reduce((sum, c) => sum + c.charCodeAt(0), 0) + nth) % this.#choices.length];
    const said = `${choice} ${nth}`;
    if (method === 'sampling/createMessage')
      return { role: 'assistant', content: { type: 'text', text: said }, model: 'm' };
    if (choice === 0) return { action: 'decline' };
    return choice === 1 ? { action: 'cancel' } : { action: 'accept', content: { value: said } };
  }
}

const LEVEL = { 'io.modelcontextprotocol/logLevel': 'info', progressToken: 'p' };
const CALL = { name: 'play', arguments: {} };
const WRONG = { action: 'accept', content: { value: 5 } };

interface Course {
  readonly result: string | undefined;
  readonly questions: readonly string[];
  readonly said: readonly string[];
}

async function straight(plot: Plot, choices: readonly number[], turns: readonly number[]): Promise<Course> {
  const person = new Person(choices);
  let asked = 0;
  const { outcome, questions, notifications } = await straightThrough(
    staged(plot),
    { ...CALL, _meta: { progressToken: 'p' } },
    async question => {
      const answer = person.answer(question);
      for (let turn = turns[asked++ % turns.length] ?? 0; turn > 0; turn--)
        await new Promise(resolve => setImmediate(resolve));
      return answer;
    },
  );
  let mark = Number.NEGATIVE_INFINITY;
  const heard = notifications.filter(({ params }) => {
    if (typeof params?.progress !== 'number') return true;
    const isHigher = params.progress > mark;
    mark = Math.max(mark, params.progress);
    return isHigher;
  });
  const result = textOf({ notifications: [], ...('result' in outcome ? { result: outcome.result } : {}) });
  return { result, questions: questions.map(question => textIn(question)), said: heard.map(saying) };
}

type Resumption = 'cold' | 'warm' | 'mixed';

async function suspended(
  plot: Plot,
  choices: readonly number[],
  manners: readonly Manner[],
  resumption: Resumption,
): Promise<Course> {
  const person = new Person(choices);
  const guard = memoryGuard();
  const process = (): Caller =>
    callerOf(staged(plot), { guard, observer: () => {}, warm: resumption === 'cold' ? 'nothing' : 'runs' });
  let last = process();
  const anyProcess = (manner?: Manner): Caller => {
    if (resumption === 'cold' || (resumption === 'mixed' && manner?.isElsewhere === true)) last = process();
    return last;
  };
  const call = toolCall('play', {}, LEVEL);
  const known = new Map<string, { question: Question; answer: Json }>();
  const mistakes = new Map<string, number>();
  const said: string[] = [];

  let now = await told(anyProcess(), call);
  said.push(...now.notifications.map(saying));
  for (let round = 0; now.result?.resultType === 'input_required'; round++) {
    for (const [key, question] of Object.entries(questionsIn(now)))
      if (!known.has(key)) known.set(key, { question, answer: person.answer(question) });
    const manner = manners[round];
    const retry = retried(call, now, answersOf(now, known, manner, mistakes));
    const isWhole = Object.keys(questionsIn(now)).every(
      key => retry.params.inputResponses?.[key] === known.get(key)?.answer,
    );
    // A person takes a while, and whatever goes on in a run that waits goes on meanwhile.
    for (let turn = (round * 2) % 5; turn > 0; turn--) await new Promise(resolve => setImmediate(resolve));
    now = await told(anyProcess(manner), retry);
    said.push(...now.notifications.map(saying));
    if (manner?.isTwice && isWhole) {
      // Everything was answered, so the program ran: sent again, the retry gives what came of that, and nothing is said.
      expect(await told(anyProcess(), retry)).toEqual({ notifications: [], result: now.result });
    }
  }
  return { result: textOf(now), questions: [...known.values()].map(({ question }) => textIn(question)), said };
}

/** The answers of one round. A question is answered wrongly as often as it is asked again for that, and no more. */
function answersOf(
  asked: Told,
  known: Map<string, { answer: Json }>,
  manner: Manner | undefined,
  mistakes: Map<string, number>,
): Json {
  const keys = Object.keys(questionsIn(asked)).filter((_, place) => manner?.answers[place % 4] ?? true);
  if (manner?.isBackwards) keys.reverse();
  const answer = (key: string, place: number): unknown => {
    const before = mistakes.get(key) ?? 0;
    if (place !== manner?.wrong || before >= LIMITS.answerAttemptsMax) return known.get(key)?.answer;
    mistakes.set(key, before + 1);
    return WRONG;
  };
  return Object.fromEntries(keys.map((key, place) => [key, answer(key, place)]));
}

const textIn = ({ method, params }: Question): string => JSON.stringify([method, params]);
const saying = ({ params }: RpcNotification): string => String(params?.progress ?? params?.data);

/** What each thread said, in its order. Progress is said by the first thread alone. */
function byThread(said: readonly string[]): Record<string, string[]> {
  const threads: Record<string, string[]> = {};
  for (const line of said) {
    const name = line.includes(' ') ? (line.split(' ')[0] ?? '') : '0';
    threads[name] = [...(threads[name] ?? []), line];
  }
  return threads;
}

test.each([
  ['suspending and replaying', 'cold'],
  ['suspending and going on in memory', 'warm'],
  ['suspending, and now replaying and now going on,', 'mixed'],
] as const)('%s is the same as running straight through', async (_, resumption) => {
  await fc.assert(
    fc.asyncProperty(
      plots,
      fc.array(fc.nat(5), { minLength: 3, maxLength: 7 }),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
      manners,
      async (plot, choices, turns, manner) => {
        const expected = await straight(plot, choices, turns);
        const actual = await suspended(plot, choices, manner, resumption);
        expect(actual.result).toBe(expected.result);
        expect([...actual.questions].sort()).toEqual([...expected.questions].sort());
        expect(byThread(actual.said)).toEqual(byThread(expected.said));
      },
    ),
    { numRuns: Number(process.env.REPLAY_LAW_RUNS ?? 200) },
  );
});
