/**
 * What the demo shows, and where: clack's look on a terminal, the same text without colours and cursor movements elsewhere.
 *
 * It knows nothing of MCP. Prompts get `output`, so that NO_COLOR holds for them as well.
 */
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { intro, log, outro, progress, spinner } from '@clack/prompts';
import type { Paint } from '../paint.ts';
import { paintFor } from '../paint.ts';
import { wrapped } from '../wrap.ts';

export interface Bar {
  advance(done: number, message: string): void;
  stop(message: string): void;
}

export interface Screen {
  readonly output: Writable;
  readonly paint: Paint;
  open(title: string): void;
  close(text: string): void;
  /** Something the demo does. */
  step(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  success(text: string): void;
  bar(total: number): Bar;
  /** Shows that something takes a moment, and leaves no trace of it. */
  during<T>(text: string, work: Promise<T>): Promise<T>;
  /** Gives a person the time to read; no time at all where nobody watches. */
  breathe(): Promise<void>;
}

/** Of what is no terminal. */
const WIDTH = 100;
/** Long enough to read a line. */
const BREATH_MS = 900;

export function screenOn(stream: NodeJS.WriteStream): Screen {
  const paint = paintFor(stream);
  const isColoured = paint('red', 'x') !== 'x';
  const output = isColoured ? stream : withoutColours(stream);
  // Three columns are taken by the line on the left.
  const fitted = (text: string): string => wrapped(text, (stream.columns ?? WIDTH) - 3).join('\n');
  return {
    output,
    paint,
    open: title => intro(title, { output }),
    close: text => outro(text, { output }),
    step: text => log.step(fitted(text), { output }),
    info: text => log.info(fitted(text), { output }),
    warn: text => log.warn(fitted(text), { output }),
    success: text => log.success(fitted(text), { output }),
    bar: total => (stream.isTTY ? movingBar(total, output) : printedBar(total, output)),
    during: (text, work) => (stream.isTTY ? spinning(text, work, output) : work),
    breathe: async () => void (stream.isTTY && (await pause(BREATH_MS))),
  };
}

async function spinning<T>(text: string, work: Promise<T>, output: Writable): Promise<T> {
  const spin = spinner({ output });
  spin.start(text);
  try {
    return await work;
  } finally {
    spin.clear();
  }
}

function movingBar(total: number, output: Writable): Bar {
  const bar = progress({ style: 'heavy', max: total, size: 30, output });
  let reached = 0;
  bar.start('Starting');
  return {
    advance(done, message) {
      bar.advance(done - reached, `${done}/${total} ${message}`);
      reached = done;
    },
    stop: message => bar.stop(message),
  };
}

const printedBar = (total: number, output: Writable): Bar => ({
  advance: (done, message) =>
    log.message(`${'━'.repeat(done * 4).padEnd(total * 4, '─')}  ${done}/${total} ${message}`, { output, spacing: 0 }),
  stop: message => log.step(message, { output }),
});

/** The stream without its colours, and without cursor movements if it is no terminal. It keeps the stream's size. */
function withoutColours(stream: NodeJS.WriteStream): Writable {
  const clean = (text: string): string => (stream.isTTY ? text.replace(COLOUR, '') : stripVTControlCharacters(text));
  const plain = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => void stream.write(clean(String(chunk)), () => done()),
  });
  for (const name of ['columns', 'rows', 'isTTY'] as const) {
    Object.defineProperty(plain, name, { get: () => stream[name] });
  }
  stream.on('resize', () => plain.emit('resize'));
  return plain;
}

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
