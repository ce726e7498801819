import { defineConfig } from 'vitest/config';

const TESTS = 'test/**/*.test.ts';
/** What `npm run test:aws` and `npm run test:browser` run. */
const ELSEWHERE = ['test/aws/**', 'test/browser/**'];
/**
 * What leaves nothing behind in its process shares one with others, so that the SDKs are loaded once and not for each file: a third
 * of the time. What counts handles, patches the SDK or changes the environment has a process of its own, and so has the unknown.
 */
const SHARING = [
  'test/{base,bridge,gates,http,infra,journal,protocol,proxy,runner,session,tidy}/**/*.test.ts',
  'test/adapters/{http,memory,oauth}/**/*.test.ts',
];

/** A bound on waiting asserts nothing: it only ends what hangs, also on a machine that is slow and has much else to do. */
const WAIT_MS_MAX = 120_000;
const project = {
  testTimeout: WAIT_MS_MAX,
  hookTimeout: WAIT_MS_MAX,
  expect: { poll: { timeout: WAIT_MS_MAX / 2, interval: 20 } },
  pool: 'forks',
  // Some wait for processes to start and to die: one more at a time than two cores.
  maxWorkers: 3,
  sequence: { groupOrder: 0 },
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...project,
          name: 'tests',
          globalSetup: 'test/support/built.ts',
          include: [TESTS],
          exclude: [...SHARING, ...ELSEWHERE],
        },
      },
      { test: { ...project, name: 'sharing', include: SHARING, isolate: false } },
    ],
  },
});
