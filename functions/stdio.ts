/**
 * A stdio program on Lambda, bundled into the function: any MCP server that a command starts, in any language the runtime has.
 *
 * FERMATA_COMMAND is the command, started in the function's folder for every round. It inherits neither the keys nor anything else
 * that only the function needs.
 */

import { stdioProgram } from '../core/adapters/stdio/program.ts';
import { programHandler } from './deployment/program.ts';
import { required } from './deployment/settings.ts';

const [command = '', ...args] = required(process.env, 'FERMATA_COMMAND').split(/\s+/);
const cwd = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
const env = { ...process.env };
for (const name of Object.keys(env)) if (name.startsWith('FERMATA_')) delete process.env[name];

const program = stdioProgram({ command: command === 'node' ? process.execPath : command, args, cwd });
export const handler = programHandler(env, runner => runner(program));
