import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  functionComplaints,
  linesOf,
  MEDIAN_LINES_MAX,
  median,
  nameComplaints,
  openingComplaints,
  sizeComplaints,
} from './rules/shape.ts';
import { filesOf, ROOT } from './rules/source.ts';
import { codeComplaints, textComplaints } from './rules/words.ts';

const PLACES = ['core', 'bin', 'functions', 'examples', 'scripts', 'bench', 'infra', 'test'];
const ALL = filesOf(PLACES, '.ts');
const CORE = filesOf(['core'], '.ts');
const TESTS = /\.(test|contract|case)\.ts$/;
const CODE = ALL.filter(file => !TESTS.test(file.path));
const TOP = readdirSync(ROOT).filter(name => name.endsWith('.md'));
const DOCUMENTS = [...filesOf([...TOP, 'docs', 'examples'], '.md'), ...filesOf(['.github'], '.yml')];

describe('the files', () => {
  it('were found', () => {
    expect(CORE.length).toBeGreaterThan(20);
    expect(ALL.length).toBeGreaterThan(CORE.length);
  });

  it('are small, and half of those in core fit two screens', () => {
    expect(ALL.flatMap(sizeComplaints)).toEqual([]);
    expect(median(CORE.map(linesOf))).toBeLessThanOrEqual(MEDIAN_LINES_MAX);
  });

  it('have no function that does not fit a screen', () => {
    expect(CODE.flatMap(functionComplaints)).toEqual([]);
  });

  it('open with a comment that says what they own', () => {
    expect(CODE.flatMap(openingComplaints)).toEqual([]);
  });

  it('have names that say something', () => {
    expect(ALL.flatMap(file => nameComplaints(file.path))).toEqual([]);
  });

  it('have no forbidden words in them', () => {
    expect([...ALL, ...DOCUMENTS].flatMap(textComplaints)).toEqual([]);
    expect(ALL.flatMap(codeComplaints)).toEqual([]);
  });
});

const file = (text: string, path = 'core/base/a.ts') => ({ path, text });
const lines = (count: number) => '  next();\n'.repeat(count);

describe('the rules of shape', () => {
  it('refuse a file that is too long', () => {
    expect(sizeComplaints(file('x\n'.repeat(400)))).toEqual([]);
    expect(sizeComplaints(file('x\n'.repeat(401)))).toEqual(['core/base/a.ts: 401 lines']);
  });

  it('refuse a function that is too long, in any of its forms', () => {
    expect(functionComplaints(file(`function a() {\n${lines(68)}}\n`))).toEqual([]);
    expect(functionComplaints(file(`export async function a(\n  b: number,\n): void {\n${lines(70)}}\n`))).toHaveLength(
      1,
    );
    expect(functionComplaints(file(`export const a = (b: number) => {\n${lines(70)}};\n`))).toHaveLength(1);
    expect(
      functionComplaints(file(`class A {\n  async run(b: number) {\n${lines(70).replace(/^/gm, '  ')}\n  }\n}\n`)),
    ).toEqual(['core/base/a.ts:2: a function of 73 lines']);
  });

  it('do not take a long condition or two short functions for a long one', () => {
    expect(functionComplaints(file(`const a = 1;\n${lines(80)}`))).toEqual([]);
    expect(functionComplaints(file(`function a() {\n${lines(40)}}\nfunction b() {\n${lines(40)}}\n`))).toEqual([]);
  });

  it('refuse a file without an opening comment', () => {
    expect(openingComplaints(file('const a = 1;'))).toHaveLength(1);
    expect(openingComplaints(file('// short\n'))).toHaveLength(1);
    expect(openingComplaints(file('#!/usr/bin/env node\n/** Starts. */'))).toEqual([]);
  });

  it.each([
    'core/proxy/utils.ts',
    'core/helpers/a.ts',
    'core/base/types.ts',
    'core/proxy/index.ts',
    'test/shared/a.test.ts',
    'core/a/session-manager.ts',
  ])('refuse the name %s', path => {
    expect(nameComplaints(path)).toHaveLength(1);
  });

  it('find the median of an even and of an odd number', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe('the rules of words', () => {
  it('refuse a reminder in a comment', () => {
    expect(textComplaints(file(`const a = 1;\n// ${'TO' + 'DO'}: finish`))).toEqual([
      `core/base/a.ts:2: ${'TO' + 'DO'}`,
    ]);
    expect(textComplaints(file('const todo = 1;'))).toEqual([]);
  });

  it('refuse a path of a machine', () => {
    expect(textComplaints(file(`see ${'/ho' + 'me'}/somebody/notes`))).toHaveLength(1);
    expect(textComplaints(file('https://example.com/users/a'))).toEqual([]);
  });

  it('refuse nouns that say nothing', () => {
    expect(codeComplaints(file('export class SessionManager {}'))).toEqual(['core/base/a.ts:1: SessionManager']);
    expect(codeComplaints(file('// a ConnectionManager of theirs'))).toEqual([]);
  });

  it('refuse ways around the compiler', () => {
    expect(codeComplaints(file(`const a = b ${'as'} any;`))).toHaveLength(1);
    expect(codeComplaints(file(`// @ts-${'ignore'}\n`))).toHaveLength(1);
  });
});
