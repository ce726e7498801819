/**
 * A stdio program on Lambda, bundled into the function: any MCP server that a command starts, in any language the runtime has.
 *
 * FERMATA_COMMAND is the command, started for every round: in the function's folder, or, with FERMATA_WORKSPACE_BUCKET, in that of its
 * session. It sees none of the function's variables, its credentials least of all, but those that FERMATA_ENV names.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { namesIn } from '../bin/program-settings.ts';
import { stdioProgram } from '../core/adapters/stdio/program.ts';
import { programHandler } from './deployment/program.ts';
import { required } from './deployment/settings.ts';

const [command = '', ...words] = required(process.env, 'FERMATA_COMMAND').split(/\s+/);
const cwd = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
// Files that were deployed with the function are meant wherever the command is started.
const args = words.map(word => (isFile(resolve(cwd, word)) ? resolve(cwd, word) : word));

const program = stdioProgram({
  command: command === 'node' ? process.execPath : command,
  args,
  cwd,
  inherit: namesIn(process.env),
});
export const handler = programHandler(process.env, runner => runner(program));
