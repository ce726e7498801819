/**
 * Process groups that must not outlive this process.
 *
 * `npx` and shells start the real server as a grandchild, so each program gets a process group of its own and is ended as a
 * group. While any group lives, hooks on our own exit and on the signals that end us kill them all. Against SIGKILL of our
 * own process there is no hook: then the kernel closes the children's stdin, and a server that reads it ends by itself.
 * Windows has no groups; there `taskkill /T` ends the tree.
 */
import { spawn, spawnSync } from 'node:child_process';

/** Groups with a member that may be alive, by the process id of their leader. */
const living = new Set<number>();

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** From now until `released`, the group dies with this process. */
export function guarded(leader: number): void {
  if (living.size === 0) {
    process.on('exit', killAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  living.add(leader);
}

/** The group's leader has exited: whatever it left behind is killed, and the group forgotten. */
export function released(leader: number): void {
  if (!living.delete(leader)) return;
  signalGroup(leader, 'SIGKILL');
  if (living.size > 0) return;
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** Signals every member of a group; a group that is gone is no error. */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(leader), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => {},
    );
    return;
  }
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody is left in the group.
  }
}

function killAll(): void {
  for (const leader of living) {
    if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(leader), '/T', '/F'], { stdio: 'ignore' });
    else signalGroup(leader, 'SIGKILL');
  }
}

/**
 * Having a listener takes a signal's default away, which is to end the process without any `exit` event. Where somebody
 * else listens, ending is theirs, and the exit hook follows; where nobody does, the default is restored and the signal sent again.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
