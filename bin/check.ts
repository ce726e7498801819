/**
 * `fermata check`: runs the tools of a program with replay at every question, and says what would go wrong: questions that are
 * others when the handler runs again, and effects that are repeated. The tools really run, with whatever they do.
 */
import { loadFactory } from '../core/adapters/sdk/load-factory.ts';
import { sdkProgram } from '../core/adapters/sdk/program.ts';
import { stdioProgram } from '../core/adapters/stdio/program.ts';
import type { Program } from '../core/ports/program.ts';
import { isObject } from '../core/protocol/messages.ts';
import type { Arguments } from './arguments.ts';
import type { Course } from './check/course.ts';
import { Checker } from './check/course.ts';
import { watchEffects } from './check/effects.ts';
import { Misuse } from './misuse.ts';
import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';

const FOUND = 1;

export async function check(given: Arguments): Promise<number> {
  const file = given.values.program?.[0];
  const program = await programFor(file, given.command);
  const stop = new AbortController();
  const checker = new Checker(program, stop.signal);
  const wanted = given.values.tool;
  const args = argumentsIn(given.values.arguments?.[0]);
  if (args !== undefined && wanted?.length !== 1)
    throw new Misuse('--arguments needs exactly one --tool that they are for.');
  const tools = await checker.tools();
  const unknown = wanted?.find(name => !tools.some(tool => tool.name === name));
  if (unknown !== undefined)
    throw new Misuse(`The program has no tool "${unknown}". It has: ${tools.map(({ name }) => name).join(', ')}.`);
  if (file !== undefined) watchEffects(effect => checker.effect(effect));
  const courses: Course[] = [];
  const paint = paintFor(process.stdout);
  process.stdout.write(`${paint('bold', `fermata check ${program.name}`)}\n\n`);
  for (const tool of tools) {
    if (wanted !== undefined && !wanted.includes(String(tool.name))) continue;
    const course = await checker.course(tool, args);
    courses.push(course);
    process.stdout.write(courseText(course, paint));
  }
  process.stdout.write(`\n${summaryText(courses, file !== undefined, paint)}\n`);
  stop.abort();
  return courses.some(({ findings }) => findings.length > 0) ? FOUND : 0;
}

async function programFor(file: string | undefined, command: readonly string[] | undefined): Promise<Program> {
  const [name, ...args] = command ?? [];
  if ((file === undefined) === (name === undefined)) throw new Misuse('Give one of --program <file> and -- <command>.');
  if (name !== undefined) return stdioProgram({ command: name, args, inherit: ['*'] });
  const loaded = await loadFactory(file ?? '');
  return sdkProgram(loaded.factory, { name: loaded.name });
}

function argumentsIn(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new Misuse(`--arguments must be a JSON object, for example --arguments '{"amount": 5}'.`);
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function courseText({ tool, questions, runs, findings, failure }: Course, paint: Paint): string {
  const isBad = findings.length > 0;
  const sign = isBad ? paint('red', '✗') : failure === undefined ? paint('green', '✓') : paint('yellow', '–');
  const facts =
    questions === 0 ? 'asks nothing, so it runs once' : `${counted(questions, 'question')}, ${counted(runs, 'run')}`;
  const lines = [`  ${sign} ${paint('cyan', tool)}  ${paint('dim', facts)}`];
  for (const { what, texts, remedy } of findings)
    lines.push(
      `      ${what}`,
      ...texts.map(text => paint('yellow', `        ${text}`)),
      paint('dim', `        ${remedy}`),
    );
  if (failure !== undefined)
    lines.push(`      ${isBad ? 'It ended' : 'It was checked only so far: it ended'} with: ${failure}`);
  return `${lines.join('\n')}\n`;
}

function summaryText(courses: readonly Course[], seesEffects: boolean, paint: Paint): string {
  const bad = courses.filter(({ findings }) => findings.length > 0).length;
  const verdict = bad === 0 ? paint('green', 'Nothing found') : paint('red', `Findings in ${bad}`);
  const scope = `${verdict} ${bad === 0 ? 'in' : 'of'} ${counted(courses.length, 'tool')}.`;
  return seesEffects ? scope : `${scope} ${paint('dim', 'What a command does to the world cannot be seen from here.')}`;
}
