/**
 * A stdio command as a `Program`: any MCP server, in any language, started afresh for every run.
 *
 * Every start is a child process in a process group of its own, so that ending it also ends what it started (`npx` runs the
 * real server under a shell). It sees little of our environment (`surroundings.ts`), and lives in its session's folder where
 * sessions have one; its stderr is kept for error messages only.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Place, Program, ProgramInstance, ProgramListener } from '../../ports/program.ts';
import { ChildInstance } from './child.ts';
import { environmentFor, placed } from './surroundings.ts';

export interface StdioCommand {
  readonly command: string;
  readonly args?: readonly string[];
  /** Variables of its own. In them, and in the arguments, `{workspace}` stands for the folder of its session. */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of our own variables that it may see, besides those that every program needs; `*` for all but Fermata's. */
  readonly inherit?: readonly string[];
  /** Where it is started if sessions have no folders. */
  readonly cwd?: string;
  /** For people; the command line itself by default. */
  readonly name?: string;
}

export function stdioProgram(command: StdioCommand): Program {
  return {
    name: command.name ?? commandLine(command),
    settleMs: LIMITS.stdioSettleMs,
    attributes: false,
    livesInFolder: true,
    start: (listener, place) => start(command, listener, place),
  };
}

const commandLine = ({ command, args = [] }: StdioCommand): string => [command, ...args].join(' ');

function start(command: StdioCommand, listener: ProgramListener, place: Place | undefined): Promise<ProgramInstance> {
  const { inherit = [], env = {} } = command;
  const cwd = place?.folder ?? command.cwd;
  const user = place?.user;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(unstartable(command, error));
    try {
      const args = (command.args ?? []).map(text => placed(text, place));
      const child = spawn(command.command, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: environmentFor(process.env, { inherit, env }, place),
        detached: process.platform !== 'win32',
        windowsHide: true,
        ...(cwd === undefined ? {} : { cwd }),
        ...(user === undefined ? {} : { uid: user, gid: user }),
      });
      // Without a process id it did not start, and the `error` event says why.
      if (child.pid === undefined) child.once('error', fail);
      else resolve(new ChildInstance(child, child.pid, listener));
    } catch (error) {
      // What cannot be a command at all, such as an empty one, is thrown.
      fail(error);
    }
  });
}

function unstartable(command: StdioCommand, error: unknown): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  return new Fault(
    'program_unstartable',
    `Cannot start \`${commandLine(command)}\`: ${adviceFor(command, code, text)}`,
    {
      detail: text,
      cause: error,
    },
  );
}

/** What went wrong, and what to do about it. */
function adviceFor({ command, cwd }: StdioCommand, code: string, text: string): string {
  if (code === 'ENOENT' && cwd !== undefined && !existsSync(cwd))
    return `its working directory ${cwd} does not exist. Create it, or give another.`;
  // Where nothing of that name is found, a folder of PATH that may not be searched gives the same answer as a file that may not be run.
  const isName = !/[\\/]/.test(command);
  if (code === 'ENOENT' || (code === 'EACCES' && isName))
    return `the command ${command} was not found. Install it, or give its full path.`;
  if (code === 'EACCES')
    return `${command} may not be executed. Make it executable (chmod +x), or name its interpreter first.`;
  if (code === 'EINVAL' && process.platform === 'win32')
    return `Windows runs ${command} through a shell only. Give it as \`cmd /c ${command} …\`.`;
  if (code === 'EPERM')
    return 'this process may not start programs as another user. Run it as root, or leave --users out.';
  if (code === 'E2BIG') return 'its arguments and environment are too long together. Shorten them.';
  if (code === 'EMFILE' || code === 'EAGAIN' || code === 'ENOMEM')
    return `the machine has no room for another process (${code}). Raise its limits, or run fewer programs at once.`;
  return `${text}.`;
}
