import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../core/base/errors.ts';
import { LIMITS } from '../../core/base/limits.ts';
import {
  decisionComplaints,
  limitComplaints,
  linkComplaints,
  outdated,
  slugOf,
  undocumented,
  unused,
  written,
} from './rules/documents.ts';
import { filesOf, ROOT } from './rules/source.ts';

const read = (path: string): string | undefined => {
  const place = join(ROOT, path);
  if (!existsSync(place)) return undefined;
  return path.endsWith('.md') ? readFileSync(place, 'utf8') : '';
};
const document = (path: string): string => read(path) ?? '';

const TOP = readdirSync(ROOT).filter(name => name.endsWith('.md'));
const DOCUMENTS = filesOf([...TOP, 'docs', 'examples', 'bench', '.github'], '.md');
const PRODUCT = filesOf(['core', 'bin', 'functions'], '.ts');
const CODES = Object.keys(FAULTS);
const BOUNDS = Object.keys(LIMITS);

describe('the documents', () => {
  it('were found', () => {
    expect(DOCUMENTS.length).toBeGreaterThan(3);
  });

  it('have links that lead somewhere', () => {
    expect(DOCUMENTS.flatMap(file => linkComplaints(file, read))).toEqual([]);
  });

  it('number the decisions without a gap', () => {
    const folder = join(ROOT, 'docs/decisions');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    expect(decisionComplaints(names)).toEqual([]);
  });

  it('explain every fault code, and none that is gone', () => {
    expect(undocumented(CODES, document('docs/errors.md'))).toEqual([]);
    expect(outdated(CODES, document('docs/errors.md'))).toEqual([]);
  });

  it('explain every limit with its value, and none that is gone', () => {
    expect(limitComplaints(LIMITS, document('docs/limits.md'))).toEqual([]);
  });
});

describe('the product', () => {
  it('has a use for every fault code', () => {
    const elsewhere = PRODUCT.filter(file => !['core/base/errors.ts', 'core/http/status.ts'].includes(file.path));
    expect(unused(CODES, elsewhere, code => new RegExp(`'${code}'`))).toEqual([]);
  });

  it('has a use for every limit', () => {
    const elsewhere = PRODUCT.filter(file => file.path !== 'core/base/limits.ts');
    expect(unused(BOUNDS, elsewhere, bound => new RegExp(`LIMITS\\.${bound}\\b`))).toEqual([]);
  });
});

describe('the rules of documents', () => {
  const page = (text: string) => ({ path: 'docs/page.md', text });
  const known = (path: string) =>
    ({ 'docs/page.md': '', 'docs/other.md': '# A heading: `of` two\n', 'README.md': '' })[path];

  it('refuse a link to a file that is not there', () => {
    expect(linkComplaints(page('[a](other.md) [b](../README.md) [c](https://example.com/x.md)'), known)).toEqual([]);
    expect(linkComplaints(page('[a](gone.md)'), known)).toEqual(['docs/page.md: gone.md leads nowhere']);
    expect(linkComplaints(page('![a](gone.png)'), known)).toHaveLength(1);
  });

  it('refuse a link to a heading that is not there', () => {
    expect(linkComplaints(page('[a](other.md#a-heading-of-two)'), known)).toEqual([]);
    expect(linkComplaints(page('[a](other.md#nothing)'), known)).toHaveLength(1);
  });

  it('look at no code', () => {
    expect(linkComplaints(page('```\n[a](gone.md)\n```\n'), known)).toEqual([]);
  });

  it('name headings as GitHub does', () => {
    expect(slugOf('A life, in `two` parts')).toBe('a-life-in-two-parts');
  });

  it('refuse decisions without a number, with a gap or with a double', () => {
    expect(decisionComplaints(['0001-a.md', '0002-b.md'])).toEqual([]);
    expect(decisionComplaints(['0001-a.md', '0003-b.md'])).toHaveLength(1);
    expect(decisionComplaints(['0001-a.md', '0001-b.md'])).toHaveLength(1);
    expect(decisionComplaints(['why.md'])).toHaveLength(1);
  });

  it('write bounds in the largest unit that divides them', () => {
    expect(written('bodyBytesMax', 4 * 1024 * 1024)).toBe('4 MiB');
    expect(written('stderrBytesMax', 100)).toBe('100 bytes');
    expect(written('promoteAfterMs', 250)).toBe('250 ms');
    expect(written('idleTimeoutMsMax', 28_800_000)).toBe('8 h');
    expect(written('keepMsMax', 14 * 24 * 60 * 60_000)).toBe('14 days');
    expect(written('rowsMax', 1_000_000)).toBe('1 000 000');
  });

  it('refuse a limit without a row, with another value, or a row without a limit', () => {
    expect(limitComplaints({ aMs: 5 }, '| `aMs` | 5 ms | why |\n')).toEqual([]);
    expect(limitComplaints({ aMs: 5 }, '')).toHaveLength(1);
    expect(limitComplaints({ aMs: 5 }, '| `aMs` | 6 ms | why |\n')).toHaveLength(1);
    expect(limitComplaints({}, '| `aMs` | 5 ms | why |\n')).toEqual(['outdated: aMs']);
  });

  it('see what is undocumented, outdated and unused', () => {
    expect(undocumented(['a', 'b'], 'Only `a`.')).toEqual(['b']);
    expect(outdated(['a'], '| `a` | x |\n| `b` | y |\n')).toEqual(['b']);
    expect(unused(['a', 'b'], [page("throw new Fault('a');")], name => new RegExp(`'${name}'`))).toEqual(['b']);
  });
});
