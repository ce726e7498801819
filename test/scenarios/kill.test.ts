/**
 * Real processes, SIGKILL at random moments, the same store: every call settles once, every event arrives once and in order, no
 * question and no answer is lost, and nothing hangs. The same for thousands of trials: `npm run kill -- --trials 1000`.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SdkClientName, Side } from '../support/clients/sdk.ts';
import { SDK_CLIENT_NAMES, SDK_CLIENTS } from '../support/clients/sdk.ts';
import { Latch } from '../support/latch.ts';
import { lastingPort, startProduct } from '../support/product.ts';
import type { CampaignOutcome } from './kill/campaign.ts';
import { campaign, PROGRAM } from './kill/campaign.ts';
import { WINDOWS } from './kill/plan.ts';

const SEED = 20_261_121;
/** For each of two programs: 48 in all. */
const TRIALS = 24;
/** A machine that does something else as well is slow to start processes. */
const TEST_MS_MAX = 400_000;

describe('a call whose server is killed', () => {
  const outcomes: CampaignOutcome[] = [];

  it.concurrent.each(['v1', 'stdio'] as const)(
    'settles once and loses nothing (%s program)',
    async program => {
      const outcome = await campaign({ program, trials: TRIALS, seed: SEED });
      outcomes.push(outcome);
      expect(outcome.complaints).toEqual([]);
      expect(outcome.kills).toBe(4);
      expect(outcome.trials).toHaveLength(TRIALS);
      for (const window of WINDOWS) {
        expect(outcome.trials.filter(({ trial }) => trial.window === window).length).toBeGreaterThanOrEqual(4);
      }
    },
    TEST_MS_MAX,
  );

  afterAll(() => {
    const seen = outcomes.flatMap(({ trials }) => trials.map(trial => trial.seen));
    // A kill that always comes at the same moment would prove little.
    expect(new Set(seen).size).toBeGreaterThanOrEqual(3);
  });
});

describe('a real SDK client whose server is killed', () => {
  it(
    'goes on when the server is back, whatever its version and era',
    async () => {
      const data = mkdtempSync(join(tmpdir(), 'fermata-kill-sdk-'));
      const notes = join(data, 'notes');
      const serve = ['--program', PROGRAM];
      const port = await lastingPort();
      const first = await startProduct({ data, port, serve });
      const back = new Latch();
      const waiting = SDK_CLIENT_NAMES.flatMap(name =>
        ['seat', 'meal'].map(field => startCall(first.url, name, field, notes, back.promise)),
      );
      await Promise.all(waiting.map(({ asked }) => asked));
      await first.kill();
      const second = await startProduct({ data, port, serve });
      back.resolve();
      const said = await Promise.all(waiting.map(({ result }) => result));
      const expected = SDK_CLIENT_NAMES.flatMap(name =>
        ['seat', 'meal'].map(field => [{ type: 'text', text: `${name} ${field}: a seat, a meal` }]),
      );
      expect(said).toEqual(expected);
      expect(await second.stop()).toBe(0);
    },
    TEST_MS_MAX,
  );
});

/** Calls the tool; its person waits with the answer to `field` until the server is back. */
function startCall(url: string, name: SdkClientName, field: string, notes: string, back: Promise<void>) {
  const asked = new Latch();
  const side: Side = {
    async elicit({ message }) {
      const about = String(message).startsWith('Seat') ? 'seat' : 'meal';
      if (about === field) {
        asked.resolve();
        await back;
      }
      return { action: 'accept', content: { [about]: `a ${about}` } };
    },
  };
  const result = (async () => {
    const client = await SDK_CLIENTS[name](url, side);
    const args = { trial: `${name} ${field}`, workMs: 6, quiet: true, notes };
    const { content } = await client.call('book', args);
    await client.close();
    return content;
  })();
  result.catch(asked.reject);
  return { asked: asked.promise, result };
}
