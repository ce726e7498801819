import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Most of the time goes by waiting for processes to start and to die: one more at a time than the smallest machine has cores.
    maxWorkers: 3,
  },
});
