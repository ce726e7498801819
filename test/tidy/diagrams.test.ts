import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagrams, draw } from '../../scripts/diagrams.ts';
import { ROOT } from './rules/source.ts';

describe('docs/diagrams.md', () => {
  it('is what the tables say today (npx tsx scripts/diagrams.ts writes it)', () => {
    expect(readFileSync(join(ROOT, 'docs/diagrams.md'), 'utf8')).toBe(diagrams());
  });
});

describe('a drawing', () => {
  it('has one arrow for each pair of phases, and names every event', () => {
    const drawing = draw({
      table: { off: { pressed: 'on', kicked: 'on', broken: 'gone' }, on: { pressed: 'off' }, gone: {} },
      initial: ['off'],
      rules: [['on', 'gone', 'it is hot']],
    });
    expect(drawing.split('\n').slice(2, -1)).toEqual([
      '  [*] --> off',
      '  off --> on: pressed, kicked',
      '  off --> gone: broken',
      '  on --> off: pressed',
      '  on --> gone: (it is hot)',
      '  gone --> [*]',
    ]);
  });

  it('changes when a cell changes', () => {
    const machine = { initial: [], rules: [] };
    const before = draw({ ...machine, table: { off: { pressed: 'on' }, on: {} } });
    expect(draw({ ...machine, table: { off: {}, on: {} } })).not.toBe(before);
  });
});
