/**
 * Every client with every program over real loopback HTTP: the same questions, the same answers, the same final content. None of
 * the programs knows of Fermata, and none of the clients either.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Side } from '../support/clients/sdk.ts';
import { SDK_CLIENT_NAMES } from '../support/clients/sdk.ts';
import { cutterTo } from '../support/cutter.ts';
import { deployed } from '../support/deployment.ts';
import {
  contents,
  EVERYTHING_CONTENT,
  EVERYTHING_SCENARIOS,
  OWN,
  OWN_CONTENT,
  play,
  playAll,
  WILLING,
} from './matrix/scenarios.ts';

const server = (name: string): string => fileURLToPath(new URL(`../support/servers/${name}.ts`, import.meta.url));
const EVERYTHING = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));

const PROGRAMS = {
  'v1 await': ['--program', server('v1-await')],
  'v2 await': ['--program', server('v2-await')],
  'v2 MRTR': ['--program', server('v2-mrtr')],
  'stdio server-everything': ['--', process.execPath, EVERYTHING, 'stdio'],
} as const satisfies Record<string, readonly string[]>;

type ProgramName = keyof typeof PROGRAMS;
const PROGRAM_NAMES = Object.keys(PROGRAMS) as ProgramName[];

const LEGACY = SDK_CLIENT_NAMES.filter(name => name !== 'SDK v2 auto');

describe.concurrent.each(PROGRAM_NAMES)('%s', program => {
  const isOwn = program !== 'stdio server-everything';
  const scenarios = isOwn ? OWN : EVERYTHING_SCENARIOS;
  const expected = isOwn ? OWN_CONTENT : EVERYTHING_CONTENT;

  it('gives the same to every client [R94]', async () => {
    await using deployment = await deployed(PROGRAMS[program]);
    const cells = await Promise.all(SDK_CLIENT_NAMES.map(client => playAll(client, deployment.url, scenarios)));
    for (const cell of cells) {
      expect(contents(cell)).toEqual(expected);
      expect(Object.values(cell).flatMap(calls => calls.filter(call => call.isError))).toEqual([]);
      expect(cell.progress?.[0]?.progress).toEqual([1, 2, 3, 4, 5]);
    }
    expect(deployment.observed.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('gives the same when every stream is cut between a question and its answer', async () => {
    await using deployment = await deployed(PROGRAMS[program]);
    const [name, questions] = isOwn ? ['sequential questions', 3] : ['a question', 1];
    const cut = LEGACY.map(async client => {
      await using cutter = await cutterTo(deployment.url);
      const elicit: Side['elicit'] = params => {
        cutter.cut();
        return WILLING.elicit(params);
      };
      const calls = await play(client, cutter.url, {
        side: () => ({ ...WILLING, elicit }),
        calls: scenarios[name]?.calls ?? [],
      });
      expect(calls.map(call => call.content)).toEqual(expected[name]);
      expect(cutter.cuts).toBe(questions);
    });
    await Promise.all(cut);
  });
});
