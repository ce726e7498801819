/** What the command line understands, and what it says to what it does not. */
import { describe, expect, test } from 'vitest';
import type { Command } from '../../bin/arguments.ts';
import { closestTo, readArguments } from '../../bin/arguments.ts';
import { KEY, SERVE } from '../../bin/commands.ts';
import { Fault } from '../../core/base/errors.ts';

const refusal = (command: Command, ...argv: string[]): string => {
  try {
    readArguments(command, argv);
  } catch (error) {
    if (error instanceof Fault && error.code === 'setting_invalid') return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
};

describe('arguments', () => {
  test('are read by name, with the value after a space or an equals sign', () => {
    expect(readArguments(SERVE, ['--port', '1234', '--host=0.0.0.0', '--json']).values).toEqual({
      port: ['1234'],
      host: ['0.0.0.0'],
      json: [''],
    });
  });

  test('may be repeated where the table says so, and only there', () => {
    expect(readArguments(SERVE, ['--allow-host', 'a', '--allow-host', 'b']).values).toEqual({
      'allow-host': ['a', 'b'],
    });
    expect(refusal(SERVE, '--port', '1', '--port', '2')).toBe('--port was given twice.\nSee: fermata help serve');
  });

  test('end at --, and what follows is left alone', () => {
    const { values, command } = readArguments(SERVE, ['--port', '1', '--', 'npx', '-y', 'x', '--port', '--']);
    expect(values).toEqual({ port: ['1'] });
    expect(command).toEqual(['npx', '-y', 'x', '--port', '--']);
    expect(refusal(KEY, '--', 'x')).toBe('"fermata key" takes nothing after --.\nSee: fermata help key');
  });

  test('that do not exist are refused with the one that was probably meant', () => {
    expect(refusal(SERVE, '--prot', '1')).toBe(
      'There is no option --prot. Did you mean --port?\nSee: fermata help serve',
    );
    expect(refusal(SERVE, '--idle')).toBe(
      'There is no option --idle. Did you mean --idle-timeout?\nSee: fermata help serve',
    );
    expect(refusal(SERVE, '--quite-different')).toBe('There is no option --quite-different.\nSee: fermata help serve');
    expect(refusal(SERVE, '-p', '1')).toBe('There is no option -p.\nSee: fermata help serve');
  });

  test('without the value they need, or with one they do not take, are refused', () => {
    expect(refusal(SERVE, '--port')).toBe('--port needs a value: --port <number>.\nSee: fermata help serve');
    expect(refusal(SERVE, '--host', '--json')).toBe('--host needs a value: --host <address>.\nSee: fermata help serve');
    expect(refusal(SERVE, '--host=')).toBe('--host needs a value: --host <address>.\nSee: fermata help serve');
    expect(refusal(SERVE, '--json=yes')).toBe('--json is a switch and takes no value.\nSee: fermata help serve');
  });

  test('that are a command without -- are refused with the line to type', () => {
    expect(refusal(SERVE, '--port', '1', 'npx', '-y', 'some-server')).toBe(
      '"npx" was not expected here. To serve a program of your own, write: fermata serve -- npx -y some-server\nSee: fermata help serve',
    );
  });
});

test('a guess is made only when something is close', () => {
  expect(closestTo('serv', ['serve', 'demo', 'key'])).toBe('serve');
  expect(closestTo('dmeo', ['serve', 'demo', 'key'])).toBe('demo');
  expect(closestTo('install', ['serve', 'demo', 'key'])).toBeUndefined();
});
