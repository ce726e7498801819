/**
 * The matrix of `test/scenarios` on the local Lambda: every client with every program, through Function URL, proxy, driver and
 * table, in environments that are frozen between requests. Not a client and not a program knows of it.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  contents,
  EVERYTHING_CONTENT,
  EVERYTHING_SCENARIOS,
  OWN,
  OWN_CONTENT,
  playAll,
} from '../scenarios/matrix/scenarios.ts';
import { SDK_CLIENT_NAMES } from '../support/clients/sdk.ts';
import type { UpstreamSource } from '../support/lambda/deployment.ts';
import { Deployment } from '../support/lambda/deployment.ts';

const EVERYTHING = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const SOURCE = 'test/support/lambda/handlers/programs.ts';
/** Each takes up to three processes. */
const AT_ONCE = 4;
const STDIO = 'stdio server-everything';

const PROGRAMS: Readonly<Record<string, UpstreamSource>> = {
  'v1 await': { source: SOURCE, exported: 'v1', isProgram: true },
  'v2 await': { source: SOURCE, exported: 'v2', isProgram: true },
  'v2 MRTR': { source: SOURCE, exported: 'mrtr', isProgram: true },
  [STDIO]: {
    source: 'functions/stdio.ts',
    isProgram: true,
    variables: { FERMATA_COMMAND: `node ${EVERYTHING} stdio` },
  },
};

describe.each(Object.entries(PROGRAMS))('%s on Lambda', { timeout: 240_000 }, (program, upstream) => {
  let deployment: Deployment;
  beforeAll(async () => {
    // Signed by AWS, so that the clients of the SDKs need no header of ours.
    const callerArn = 'arn:aws:iam::123456789012:user/tester';
    deployment = await Deployment.start({ upstream, callerArn, variables: { FERMATA_HOLD: '1s' }, timeoutMs: 120_000 });
  });
  afterAll(() => deployment?.[Symbol.asyncDispose]());

  const scenarios = program === STDIO ? EVERYTHING_SCENARIOS : OWN;
  const expected = program === STDIO ? EVERYTHING_CONTENT : OWN_CONTENT;

  it.each(SDK_CLIENT_NAMES)('gives to %s what it gives to every client', async client => {
    const cell = await playAll(client, deployment.url, scenarios, AT_ONCE);
    expect(contents(cell)).toEqual(expected);
    expect(Object.values(cell).flatMap(calls => calls.filter(call => call.isError))).toEqual([]);
    expect(cell.progress?.[0]?.progress).toEqual([1, 2, 3, 4, 5]);
  });
});
