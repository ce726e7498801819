/** A real child process that waits: the answer that reaches the same runner finds the very same execution, in the same process. */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { stdioProgram } from '../../core/adapters/stdio/program.ts';
import type { Program } from '../../core/ports/program.ts';
import type { Caller } from '../support/programs/calling.ts';
import {
  callerOf,
  memoryGuard,
  questionsIn,
  retried,
  textOf,
  told,
  toolCall,
  value,
} from '../support/programs/calling.ts';

const server = fileURLToPath(new URL('../support/servers/remembering.mjs', import.meta.url));
const command = stdioProgram({ command: process.execPath, args: [server], name: 'remembering' });

test('a parked child goes on where it waits, and another runner begins a child of its own', async () => {
  let started = 0;
  const program: Program = {
    ...command,
    start: (listener, place) => {
      started += 1;
      return command.start(listener, place);
    },
  };
  const [here, there] = [0, 1].map(() => {
    const caller = callerOf(program, { warm: 'runs', guard: memoryGuard() });
    onTestFinished(() => caller.server.close());
    return caller;
  });
  if (here === undefined || there === undefined) throw new Error('There are two callers.');
  const [first, second] = [toolCall('ask'), toolCall('ask')];
  const asked = [await told(here, first), await told(here, second)];
  expect(started).toBe(2);
  const answered = (caller: Caller, call: typeof first, at: 0 | 1) => {
    const [key = ''] = Object.keys(questionsIn(asked[at] ?? { notifications: [] }));
    return told(caller, retried(call, asked[at] ?? { notifications: [] }, { [key]: value('Ada') }));
  };
  expect(textOf(await answered(here, first, 0))).toBe('Ada 0');
  expect(started).toBe(2);
  expect(textOf(await answered(there, second, 1))).toBe('Ada 0');
  expect(started).toBe(3);
});
