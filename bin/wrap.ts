/** Text broken at its spaces so that it fits a width. Colours take no room. */
import { stripVTControlCharacters } from 'node:util';

export function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap(line => wrappedLine(line, width));
}

function wrappedLine(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1] ?? '';
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

const widthOf = (text: string): number => stripVTControlCharacters(text).length;
