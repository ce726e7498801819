/**
 * The laws of steps and session state: whatever a program does in which order, and whenever processes die at their store — before
 * a write took effect or after it — a step whose commit took effect is never begun again, every write to the session counts
 * once, and the call ends as if nobody had died.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, test } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import type { Fact } from '../../core/journal/fact.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { session, step, uuid } from '../../index.ts';
import fc from '../support/fast-check.ts';
import type { Told } from '../support/programs/calling.ts';
import { callerOf, retried, textOf, told, toolCall, value } from '../support/programs/calling.ts';

type Act = 'step' | 'fail' | 'ask' | 'count' | 'read' | 'uuid' | 'pair';

const acts = fc.array(fc.constantFrom<Act>('step', 'fail', 'ask', 'count', 'read', 'uuid', 'pair'), { maxLength: 9 });
/** For each process: at which operation of its store it dies, and whether that still takes effect. */
const deaths = fc.array(fc.record({ at: fc.integer({ min: 1, max: 4 }), isDone: fc.boolean() }), { maxLength: 8 });

const HERE = { id: 's', name: 's', endsAtMs: Date.now() + 3_600_000 };
const PLAY = toolCall('play');

/** What the world saw of a program. */
class World {
  readonly begun: string[] = [];
  readonly committed = new Set<string>();
  readonly again: string[] = [];

  work(name: string): string {
    if (this.committed.has(name)) this.again.push(name);
    this.begun.push(name);
    return `did ${name}`;
  }

  program(plot: readonly Act[]) {
    return sdkProgram(() => {
      const server = new McpServer({ name: 'plotted', version: '1.0.0' });
      const requestedSchema = { type: 'object' as const, properties: { value: { type: 'string' as const } } };
      const once = (name: string) => step(name, async () => this.work(name));
      const fail = (name: string) =>
        step(name, () => {
          throw new Error(this.work(name));
        });
      const act = async (kind: Act, nth: number): Promise<unknown> => {
        if (kind === 'step') return once(`s${nth}`);
        if (kind === 'fail') return fail(`f${nth}`).catch((error: Error) => error.message);
        if (kind === 'ask')
          return (await server.server.elicitInput({ message: `${nth}?`, requestedSchema })).content?.value;
        if (kind === 'count') return session.update<number>('count', (count = 0) => count + 1);
        if (kind === 'read') return (await session.get<number>('count')) ?? 'none';
        if (kind === 'uuid') return uuid().length;
        return Promise.all([once(`l${nth}`), once(`r${nth}`)]);
      };
      server.registerTool('play', {}, async () => {
        const results: unknown[] = [];
        for (const [nth, kind] of plot.entries()) results.push(await act(kind, nth));
        return { content: [{ type: 'text', text: JSON.stringify(results) }] };
      });
      return server;
    });
  }

  /** The store as one process sees it, and the moment at which that process dies. */
  mortal(state: StateStore, death: { readonly at: number; readonly isDone: boolean } | undefined) {
    let operations = 0;
    let die = (): void => {};
    const died = new Promise<'died'>(resolve => {
      die = () => resolve('died');
    });
    const live = async <T>(operation: () => Promise<T>): Promise<T> => {
      operations++;
      if (death === undefined || operations < death.at) return operation();
      if (operations === death.at && death.isDone) await operation();
      die();
      return new Promise(() => {});
    };
    const store: StateStore = {
      load: scope => live(() => state.load(scope)),
      commit: next =>
        live(async () => {
          const outcome = await state.commit(next);
          if (outcome === 'committed' && next.scope.startsWith('call#'))
            for (const { kind, name } of JSON.parse(next.json) as Fact[]) if (kind === 'step') this.committed.add(name);
          return outcome;
        }),
      remove: scope => live(() => state.remove(scope)),
    };
    return { store, died };
  }
}

async function played(plot: readonly Act[], dying: readonly { at: number; isDone: boolean }[]) {
  const world = new World();
  const { state } = memoryStores();
  const program = world.program(plot);
  const left = [...dying];
  const round = async (request: typeof PLAY): Promise<Told> => {
    for (let again = false; ; again = true) {
      const { store, died } = world.mortal(state, left.shift());
      const gone = new AbortController();
      const context = { session: HERE, attempt: { call: 'c', again }, signal: gone.signal };
      const outcome = await Promise.race([told(callerOf(program, { state: store }), request, context), died]);
      gone.abort();
      if (outcome !== 'died') return outcome;
    }
  };
  let now = await round(PLAY);
  while (now.result?.resultType === 'input_required') {
    const keys = Object.keys(now.result.inputRequests as object);
    now = await round(retried(PLAY, now, Object.fromEntries(keys.map(key => [key, value('yes')]))));
  }
  return { result: textOf(now) ?? JSON.stringify(now.error), world };
}

test('a committed step is never begun again, a write counts once, and deaths change no result', async () => {
  await fc.assert(
    fc.asyncProperty(acts, deaths, async (plot, dying) => {
      const alive = await played(plot, []);
      const mortal = await played(plot, dying);
      expect(mortal.world.again).toEqual([]);
      expect(mortal.result).toBe(alive.result);
      expect(new Set(alive.world.begun).size).toBe(alive.world.begun.length);
    }),
    { numRuns: Number(process.env.STEPS_LAW_RUNS ?? 60), interruptAfterTimeLimit: 60_000 },
  );
});
