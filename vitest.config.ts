import { defineConfig } from 'vitest/config';

const TESTS = 'test/**/*.test.ts';
/** What `npm run test:aws` and `npm run test:browser` run. */
const ELSEWHERE = ['test/aws/**', 'test/browser/**'];
/** What measures time has the machine to itself. */
const MEASURING = ['test/functions/**/*.test.ts', 'test/adapters/dynamodb/streams.test.ts'];

/** A bound on waiting asserts nothing: it only ends what hangs, also on a machine that is slow and has much else to do. */
const WAIT_MS_MAX = 120_000;
const POLL = { timeout: 60_000, interval: 20 };
const shared = {
  testTimeout: WAIT_MS_MAX,
  hookTimeout: WAIT_MS_MAX,
  expect: { poll: POLL },
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        // Most of the time goes by waiting for processes to start and to die: one more at a time than two cores.
        test: {
          ...shared,
          name: 'tests',
          globalSetup: 'test/support/built.ts',
          include: [TESTS],
          exclude: [...MEASURING, ...ELSEWHERE],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...shared, name: 'alone', include: MEASURING, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
