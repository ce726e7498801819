/** Commands in the folders of sessions, put together: which session, its folder, the command, and what is kept of what it did. */
import { startCommand } from '../core/adapters/stdio/command.ts';
import { LIMITS } from '../core/base/limits.ts';
import type { Observer } from '../core/ports/observer.ts';
import type { SessionAdmin } from '../core/ports/session-admin.ts';
import type { CommandEvent, CommandOrder, SessionCommands } from '../core/ports/session-commands.ts';
import type { Workspace, Workspaces } from '../core/ports/workspaces.ts';
import { sessionNameOf, workspaceNameOf } from '../core/protocol/state-scope.ts';
import type { ProgramSettings } from './program-settings.ts';

interface CommandParts {
  readonly admin: SessionAdmin;
  readonly workspaces: Workspaces;
  readonly observer: Observer;
  /** Ends the program that is kept for a session: its folder is brought back while nobody is in it. */
  readonly letGo: (session: string, principal: string) => void;
  readonly allowance: Pick<ProgramSettings, 'inherit' | 'env'>;
}

function sessionCommands({ admin, workspaces, observer, letGo, allowance }: CommandParts): SessionCommands {
  return {
    async run(session, order) {
      const view = await admin.inspect(session, { reveal: false });
      if (view === undefined || view.phase === 'ended') return undefined;
      const name = workspaceNameOf(view.principal, sessionNameOf(session));
      const workspace = await workspaces.open({ name, expiresAtMs: view.endsAtMs + LIMITS.settledKeepMs });
      const { administrator, command } = order;
      const about = { session, principal: view.principal, administrator };
      observer({ event: 'session.command', level: 'info', ...about, message: textOf(command) });
      const events = await started(workspace, order);
      return watched(events, workspace, ended => {
        if (ended.reason !== 'exited') letGo(session, view.principal);
        const facts = { reason: ended.reason, ...(ended.code === undefined ? {} : { exitCode: ended.code }) };
        observer({ event: 'session.command_ended', level: 'info', ...about, ...facts });
      });
    },
  };

  async function started(workspace: Workspace, order: CommandOrder): Promise<AsyncIterable<CommandEvent>> {
    try {
      return await startCommand({ ...order, place: workspace, allowance });
    } catch (thrown) {
      await workspace.close();
      throw thrown;
    }
  }
}

/** `undefined` where commands are not allowed, or sessions have no folders. */
export const commandsFor = (
  { allowCommands, inherit, env }: ProgramSettings,
  {
    workspaces,
    ...parts
  }: Omit<CommandParts, 'allowance' | 'workspaces'> & { readonly workspaces: Workspaces | undefined },
): SessionCommands | undefined =>
  allowCommands && workspaces !== undefined
    ? sessionCommands({ ...parts, workspaces, allowance: { inherit, env } })
    : undefined;

/** What a command wrote that came to its end is saved before its end is told; what was cut off is undone, as with calls. */
async function* watched(
  events: AsyncIterable<CommandEvent>,
  workspace: Workspace,
  onEnd: (ended: CommandEvent & { readonly kind: 'ended' }) => void,
): AsyncGenerator<CommandEvent, void, undefined> {
  let isSaved = false;
  try {
    for await (const event of events) {
      if (event.kind === 'ended') {
        if (event.reason === 'exited') await workspace.save();
        isSaved = event.reason === 'exited';
        onEnd(event);
      }
      yield event;
    }
  } finally {
    if (!isSaved) workspace.spoil();
    await workspace.close();
  }
}

/** As it was given, so that a log tells what was done. */
const textOf = (command: readonly string[]): string => JSON.stringify(command).slice(0, LIMITS.garbageCharactersMax);
