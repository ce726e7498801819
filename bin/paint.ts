/** Colours, where they are welcome: on a terminal, unless NO_COLOR is set; anywhere, if FORCE_COLOR is. */
import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];
export type Paint = (format: Format, text: string) => string;

export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0';
  const refused = (env.NO_COLOR !== undefined && env.NO_COLOR !== '') || env.TERM === 'dumb';
  if (refused || !(forced || stream.isTTY === true)) return (_format, text) => text;
  return (format, text) => styleText(format, text, { validateStream: false });
}
