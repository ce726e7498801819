/**
 * Closes the loop between `requirements.ts` and the tests: each statement is cited by a test of the composed product, in a title
 * such as `it('… [R22]')`, or says why none can; and nothing is cited that does not exist.
 *
 * A citation counts in a test that imports what composes or starts the product, with real clients or the client of the wire.
 */
import { describe, expect, it } from 'vitest';
import type { SourceFile } from '../tidy/rules/source.ts';
import { codeOf, filesOf, importsOf } from '../tidy/rules/source.ts';
import type { Requirement } from './requirements.ts';
import { REQUIREMENTS } from './requirements.ts';

const CITATION = /\[(R\d+)\]/g;
/** What composes the product, or starts it. */
const PRODUCT = /\/support\/(deployment|product|lambda\/deployment)\.ts$/;
const SELF = 'test/scenarios/coverage.test.ts';

/** The statements that a file cites outside of comments. */
const citedIn = ({ text }: SourceFile): readonly string[] => [
  ...new Set([...codeOf(text, 'keep').matchAll(CITATION)].map(([, id]) => id ?? '')),
];

const runsProduct = ({ text }: SourceFile): boolean =>
  importsOf(text).some(({ specifier, isTypeOnly }) => !isTypeOnly && PRODUCT.test(specifier));

/** What is wrong with statements and tests, taken together. */
function complaintsOf(requirements: readonly Requirement[], tests: readonly SourceFile[]): string[] {
  const known = new Set(requirements.map(({ id }) => id));
  const cited = new Set(tests.filter(runsProduct).flatMap(citedIn));
  return [
    ...tests.flatMap(test =>
      citedIn(test).flatMap(id => {
        if (!known.has(id)) return [`${test.path} cites ${id}, which is no requirement`];
        return runsProduct(test) ? [] : [`${test.path} cites ${id}, and does not run the composed product`];
      }),
    ),
    ...requirements.flatMap(({ id, sentence, instead }) => {
      if (cited.has(id)) return instead === undefined ? [] : [`${id} says that no test can check it, and one does`];
      return instead === undefined ? [`${id} is cited by no test: ${sentence}`] : [];
    }),
  ];
}

describe('the requirements', () => {
  it('are all there, each once', () => {
    expect(REQUIREMENTS.map(({ id }) => id)).toEqual(
      Array.from({ length: REQUIREMENTS.length }, (_, n) => `R${n + 1}`),
    );
    expect(REQUIREMENTS.length).toBeGreaterThanOrEqual(106);
  });

  it('are each cited by a test of the composed product, or say why not', () => {
    const tests = filesOf(['test'], '.test.ts').filter(({ path }) => path !== SELF);
    expect(complaintsOf(REQUIREMENTS, tests)).toEqual([]);
  });

  it('are checked by tests that run: none is skipped, and none is expected to fail', () => {
    const modifier = /\b(?:it|test|describe)(?:\.\w+)*\.(?:skip|todo|fails|only)\b/;
    const tests = filesOf(['test'], '.test.ts').filter(({ path }) => path !== SELF);
    expect(tests.filter(({ text }) => modifier.test(codeOf(text, 'blank'))).map(({ path }) => path)).toEqual([]);
  });
});

describe('the rules of citing', () => {
  const requirement = (id: string, instead?: string): Requirement => ({
    id,
    level: 'must',
    source: 'bridge',
    sentence: 'so it is.',
    ...(instead === undefined ? {} : { instead }),
  });
  const composed = "import { deployed } from '../support/deployment.ts';\n";
  const test = (text: string): SourceFile => ({ path: 'a.test.ts', text });

  it('accept what a test of the product cites, and what has a reason', () => {
    expect(complaintsOf([requirement('R1'), requirement('R2', 'why')], [test(`${composed}it('is [R1]');`)])).toEqual(
      [],
    );
  });

  it('refuse a statement that nobody cites, or only a comment', () => {
    expect(complaintsOf([requirement('R1')], [test(`${composed}// [R1]\n`)])).toEqual([
      'R1 is cited by no test: so it is.',
    ]);
  });

  it('refuse a citation of nothing, and one that checks parts only', () => {
    expect(complaintsOf([], [test(`${composed}it('is [R9]');`)])).toEqual([
      'a.test.ts cites R9, which is no requirement',
    ]);
    expect(complaintsOf([requirement('R1')], [test("it('is [R1]');")])).toEqual([
      'a.test.ts cites R1, and does not run the composed product',
      'R1 is cited by no test: so it is.',
    ]);
  });

  it('refuse a reason for what is cited', () => {
    expect(complaintsOf([requirement('R1', 'why')], [test(`${composed}it('is [R1]');`)])).toHaveLength(1);
  });
});
