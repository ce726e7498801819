/**
 * What stands behind the proxy of `npm run dev:aws`: one of the examples, or a server of your own, said as `infra/settings.ts` says it;
 * or a command that starts a stdio program.
 */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { entryOf } from '../../infra/upstream-entry.ts';
import type { UpstreamName, UpstreamSource, UpstreamUrl } from '../../test/support/lambda/deployment.ts';

const ROOT = join(import.meta.dirname, '../..');

export const EXAMPLES: Readonly<Record<UpstreamName, string>> = {
  runner: 'an await-style program, the expense tracker (functions/runner.ts)',
  stdio: 'the same as a stdio program (functions/stdio.ts)',
  express: 'an existing Express server, the order desk (functions/express.ts)',
};

export interface Behind {
  readonly upstream: UpstreamName | UpstreamSource | UpstreamUrl;
  /** For people. */
  readonly is: string;
}

/** What `--upstream` or the words after `--` name. Throws an error that says what would do. */
export function behind(given: string | undefined, command: readonly string[]): Behind {
  if (command.length > 0 && given !== undefined)
    throw new Error('Either --upstream or a command after --, not both: there is one server behind the proxy.');
  if (command.length > 0) return ofCommand(command);
  const name = given ?? 'runner';
  if (isExample(name)) return { upstream: name, is: EXAMPLES[name] };
  if (/^https?:/.test(name) && URL.canParse(name)) return { upstream: { url: name }, is: name };
  if (existsSync(name)) return ofFile(name);
  const names = Object.keys(EXAMPLES).join(', ');
  throw new Error(
    `--upstream ${name} is none of the examples (${names}), no URL, and there is no such file. For example: --upstream ./server.ts`,
  );
}

const isExample = (name: string): name is UpstreamName => Object.hasOwn(EXAMPLES, name);

function ofFile(file: string): Behind {
  const { entry, isProgram } = entryOf(
    { root: ROOT, work: join(ROOT, '.cache/dev-aws') },
    relative(ROOT, resolve(file)),
  );
  const is = isProgram ? `your program ${file}` : `your function ${file}`;
  return { upstream: { source: entry, isProgram }, is };
}

/** The function takes the command apart at spaces, and starts it in a folder of its own. */
function ofCommand(command: readonly string[]): Behind {
  const spaced = command.find(word => /\s/.test(word));
  if (spaced !== undefined) throw new Error(`"${spaced}" has a space in it, which the function cannot take.`);
  const words = command.map(word => (existsSync(word) ? resolve(word) : word));
  return {
    upstream: { source: 'functions/stdio.ts', isProgram: true, variables: { FERMATA_COMMAND: words.join(' ') } },
    is: `your stdio program, ${command.join(' ')}`,
  };
}
