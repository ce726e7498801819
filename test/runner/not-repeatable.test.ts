/** A program that is not repeatable: its calls go on where they are or end, and are never begun a second time. */
import { expect, test } from 'vitest';
import { callerOf, memoryGuard, retried, textOf, told, toolCall, value } from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';

const who = { 'dev.fermata/inputKey': 'who' };
const answers = { who: value('Ada') };
const ONCE = { repeatable: false, warm: 'runs', retryLost: 'always' } as const;
const CALL = toolCall('greet');

const greeting = () => scripted({ tools: { greet: async scene => text(`Hello ${await scene.text('Who?', who)}`) } });
const lost = expect.objectContaining({ code: 'run_lost' });

test('a call goes on in the process that began it', async () => {
  const program = greeting();
  const caller = callerOf(program, ONCE);
  const asked = await told(caller, CALL);
  expect(textOf(await told(caller, retried(CALL, asked, answers)))).toBe('Hello Ada');
  expect(program.executions).toBe(1);
});

test('a call whose process is gone ends, whatever the retry policy, and however often it is tried', async () => {
  const program = greeting();
  const guard = memoryGuard();
  const asked = await told(callerOf(program, ONCE), CALL);
  const retry = retried(CALL, asked, answers);
  await expect(told(callerOf(program, ONCE), retry)).rejects.toEqual(lost);
  for (let times = 0; times < 2; times++)
    await expect(told(callerOf(program, { ...ONCE, guard }), retry)).rejects.toEqual(lost);
  expect(program.executions).toBe(1);
});

test('an answer that comes twice finds the call gone the second time', async () => {
  const program = greeting();
  const caller = callerOf(program, ONCE);
  const asked = await told(caller, CALL);
  const retry = retried(CALL, asked, answers);
  expect(textOf(await told(caller, retry))).toBe('Hello Ada');
  await expect(told(caller, retry)).rejects.toEqual(lost);
  expect(program.executions).toBe(1);
});

test('a first round that was attempted before is not begun again', async () => {
  const program = greeting();
  const attempt = { call: 'c', again: true };
  await expect(told(callerOf(program, ONCE), CALL, { attempt })).rejects.toEqual(lost);
  expect(program.executions).toBe(0);
  expect(
    (await told(callerOf(program, ONCE), toolCall('greet'), { attempt: { call: 'd', again: false } })).result,
  ).toMatchObject({
    resultType: 'input_required',
  });
});
