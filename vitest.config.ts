import { defineConfig } from 'vitest/config';

const TESTS = 'test/**/*.test.ts';
/** What `npm run test:aws` runs. */
const ELSEWHERE = 'test/aws/**';
/** What measures time has the machine to itself. */
const MEASURING = ['test/functions/**/*.test.ts', 'test/adapters/dynamodb/streams.test.ts'];

const shared = { testTimeout: 30_000, hookTimeout: 30_000, pool: 'forks' } as const;

export default defineConfig({
  test: {
    projects: [
      {
        // Most of the time goes by waiting for processes to start and to die: one more at a time than two cores.
        test: {
          ...shared,
          name: 'tests',
          include: [TESTS],
          exclude: [...MEASURING, ELSEWHERE],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...shared, name: 'alone', include: MEASURING, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
