/** Help as text, made from the table of commands. Pinned in `test/bin/help.test.ts`. */
import type { Command, OptionRow } from './arguments.ts';
import { groupsOf, optionsOf } from './arguments.ts';
import type { Paint } from './paint.ts';
import { wrapped } from './wrap.ts';

const WIDTH = 100;

/** `fermata --help`. */
export function overview(commands: readonly Command[], paint: Paint): string {
  const width = Math.max(...commands.map(command => command.name.length));
  return [
    `${paint('bold', 'fermata')} makes MCP servers stateful: a call can wait for a person, and nothing runs while it waits.`,
    '',
    paint('bold', 'Commands'),
    ...commands.map(command => `  ${paint('cyan', command.name.padEnd(width))}  ${command.summary}`),
    '',
    paint('bold', 'Start here'),
    `  ${paint('cyan', 'fermata serve')}         serve the bundled example at http://127.0.0.1:8787/mcp`,
    `  ${paint('cyan', 'fermata demo --kill')}   watch a call survive the death of its server`,
    `  ${paint('cyan', 'fermata help serve')}    everything that serve can do`,
    `  ${paint('cyan', 'fermata --version')}     which version this is`,
    '',
  ].join('\n');
}

/** `fermata help <command>`. */
export function helpOf(command: Command, paint: Paint): string {
  const calls = Math.max(...command.usage.map(([call]) => call.length));
  const names = Math.max(...optionsOf(command).map(option => nameOf(option).length));
  return [
    `${paint('bold', `fermata ${command.name}`)}: ${command.summary}`,
    '',
    paint('bold', 'Usage'),
    ...command.usage.map(([call, does]) => `  ${paint('cyan', call.padEnd(calls))}   ${does}`),
    ...groupsOf(command).flatMap(group => [
      '',
      paint('bold', group.title),
      ...group.options.flatMap(option => optionLines(option, names, paint)),
    ]),
    ...(command.more === undefined ? [] : ['', ...wrapped(command.more, WIDTH)]),
    '',
  ].join('\n');
}

const nameOf = (option: OptionRow): string => `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`;

function optionLines(option: OptionRow, width: number, paint: Paint): string[] {
  const room = WIDTH - width - 5;
  const lines = wrapped(option.help, room).map(text => ({ text, facts: '' }));
  const facts = [option.initial === undefined ? undefined : `default ${option.initial}`, option.env];
  const known = facts.filter(fact => fact !== undefined).join(', ');
  const last = lines[lines.length - 1];
  if (known !== '' && last !== undefined && last.text.length + known.length + 3 <= room) last.facts = ` [${known}]`;
  else if (known !== '') lines.push({ text: '', facts: `[${known}]` });
  return lines.map(({ text, facts }, i) => {
    const name = i === 0 ? paint('cyan', nameOf(option).padEnd(width)) : ' '.repeat(width);
    return `  ${name}   ${text}${facts === '' ? '' : paint('dim', facts)}`;
  });
}
