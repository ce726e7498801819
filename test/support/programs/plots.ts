/**
 * Programs as data, for property tests: a plot is what a tool does, step by step, and `staged` makes a tool of it.
 *
 * Branches of a plot run in parallel; each is a thread with a name, which stands in everything it asks and says, so that the
 * order within a thread can be told from the order between threads, which nobody promises.
 */
import fc from '../fast-check.ts';
import type { Scene, ScriptedProgram } from './scripted.ts';
import { scripted, text } from './scripted.ts';

export type Step =
  | { readonly do: 'ask'; readonly what: string }
  | { readonly do: 'sample'; readonly what: string }
  /** Asks the same until the answer is none, at most so many times. */
  | { readonly do: 'loop'; readonly what: string; readonly times: number }
  | { readonly do: 'log'; readonly what: string }
  | { readonly do: 'progress'; readonly by: number }
  /** Lets so many turns of the event loop pass. */
  | { readonly do: 'pause'; readonly turns: number }
  /** Goes one way if the thread's last answer was accepted, the other if not. */
  | { readonly do: 'choose'; readonly accepted: Plot; readonly else: Plot }
  | { readonly do: 'together'; readonly threads: readonly Plot[] };

export type Plot = readonly Step[];

export function staged(plot: Plot): ScriptedProgram {
  return scripted({
    tools: { play: async scene => text(JSON.stringify(await new Thread(scene, '0', true).play(plot))) },
  });
}

const SCHEMA = { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] };

class Thread {
  readonly #scene: Scene;
  readonly #name: string;
  readonly #isFirst: boolean;
  readonly #answers: unknown[] = [];
  #progress = 0;
  #children = 0;

  constructor(scene: Scene, name: string, isFirst: boolean) {
    this.#scene = scene;
    this.#name = name;
    this.#isFirst = isFirst;
  }

  async play(plot: Plot): Promise<unknown[]> {
    for (const step of plot) await this.#perform(step);
    return this.#answers;
  }

  async #perform(step: Step): Promise<void> {
    switch (step.do) {
      case 'ask':
        await this.#ask(step.what);
        return;
      case 'sample':
        this.#answers.push(await this.#scene.ask('sampling/createMessage', this.#sampling(step.what)));
        return;
      case 'loop':
        for (let n = 0; n < step.times && (await this.#ask(step.what)); n++);
        return;
      case 'log':
        this.#scene.log(`${this.#name} ${step.what}`);
        return;
      case 'progress':
        this.#progress += step.by;
        if (this.#isFirst) this.#scene.progress(this.#progress);
        return;
      case 'pause':
        for (let turn = 0; turn < step.turns; turn++) await new Promise(resolve => setImmediate(resolve));
        return;
      case 'choose':
        await this.play(this.#wasAccepted() ? step.accepted : step.else);
        return;
      case 'together': {
        const threads = step.threads.map(plot => this.#branch().play(plot));
        this.#answers.push(await Promise.all(threads));
      }
    }
  }

  #branch(): Thread {
    return new Thread(this.#scene, `${this.#name}.${this.#children++}`, false);
  }

  #sampling(what: string) {
    return { messages: [{ role: 'user', content: { type: 'text', text: `${this.#name} ${what}` } }], maxTokens: 5 };
  }

  /** Whether it was accepted. */
  async #ask(what: string): Promise<boolean> {
    const params = { message: `${this.#name} ${what}?`, requestedSchema: SCHEMA };
    this.#answers.push(await this.#scene.ask('elicitation/create', params));
    return this.#wasAccepted();
  }

  #wasAccepted(): boolean {
    const last = this.#answers.at(-1) as { result?: { action?: string } } | undefined;
    return last?.result?.action === 'accept';
  }
}

const words = fc.constantFrom('a', 'b', 'c');

export const plots: fc.Arbitrary<Plot> = fc.letrec<{ step: Step; plot: Plot }>(tie => ({
  step: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('ask' as const), what: words }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sample' as const), what: words }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('loop' as const), what: words, times: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('log' as const), what: words }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('progress' as const), by: fc.integer({ min: -1, max: 2 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), turns: fc.integer({ min: 1, max: 6 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('choose' as const), accepted: tie('plot'), else: tie('plot') }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('together' as const),
        threads: fc.array(tie('plot'), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
  plot: fc.array(tie('step'), { maxLength: 5 }),
})).plot;
