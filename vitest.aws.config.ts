/** `npm run test:aws`: what takes processes by the dozen and waits for leases, so apart from `npm test`. */
import { defineConfig } from 'vitest/config';

const TESTS = 'test/aws/**/*.test.ts';
/** What measures time has the machine for itself. */
const MEASURING = 'test/aws/thinking.test.ts';
const project = { pool: 'forks', testTimeout: 120_000, hookTimeout: 120_000 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...project,
          name: 'aws',
          include: [TESTS],
          exclude: [MEASURING],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...project, name: 'measuring', include: [MEASURING], maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
