/**
 * Makes sure that no environment outlives this process: a frozen process cannot notice that its parent is gone, so a shell that
 * can kills what is left when the pipe to it closes.
 */
import { spawn } from 'node:child_process';

const SCRIPT = `alive=' '
while read -r change pid; do
  case $change in
    +) alive="$alive$pid " ;;
    -) alive=$(printf %s "$alive" | sed "s/ $pid / /") ;;
  esac
done
[ "$alive" = ' ' ] || kill -9 $alive`;

export class Keeper {
  readonly #shell = spawn('sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });

  constructor() {
    this.#shell.unref();
    this.#shell.stdin.on('error', () => undefined);
  }

  began(pid: number): void {
    this.#shell.stdin.write(`+ ${pid}\n`);
  }

  ended(pid: number): void {
    this.#shell.stdin.write(`- ${pid}\n`);
  }

  close(): void {
    this.#shell.stdin.end();
  }
}
