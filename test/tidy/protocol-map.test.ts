import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v1 from '@modelcontextprotocol/sdk/types.js';
import { specTypeSchemas } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { isObject } from '../../core/protocol/messages.ts';
import { rowsOf, symbolComplaints } from './rules/protocol-map.ts';
import { ROOT } from './rules/source.ts';

const PATH = 'docs/protocol-map.md';
const read = (path: string): string | undefined =>
  existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : undefined;
const map = { path: PATH, text: read(PATH) ?? '' };

/** The method that a schema of a message is for, as both packages write it down; `undefined` for any other schema. */
function methodOf(schema: unknown): string | undefined {
  const shape = at(schema, 'def', 'shape') ?? at(schema, 'shape');
  const values = at(shape, 'method', 'def', 'values');
  const [method]: unknown[] = Array.isArray(values) ? values : [];
  return typeof method === 'string' ? method : undefined;
}

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);

const methodsIn = (schemas: object): readonly string[] => [
  ...new Set(Object.values(schemas).flatMap(schema => methodOf(schema) ?? [])),
];

describe('the protocol map', () => {
  it('has a row for every method of the official packages', () => {
    const known = [...new Set([...methodsIn(v1), ...methodsIn(specTypeSchemas)])];
    for (const method of [
      'initialize',
      'server/discover',
      'subscriptions/listen',
      'notifications/elicitation/complete',
    ])
      expect(known).toContain(method);
    expect(known.length).toBeGreaterThan(30);
    expect(known.filter(method => !rowsOf(map).has(method))).toEqual([]);
  });

  it('links to symbols that are there', () => {
    expect(symbolComplaints(map, read)).toEqual([]);
  });
});

describe('the rules of the map', () => {
  const file = (text: string) => ({ path: 'docs/page.md', text });

  it('read methods from the first cell of rows only', () => {
    const text = 'Not `a/b`.\n| `c/d`, `e` | `f` |\n| word | `g` |\n';
    expect([...rowsOf(file(text))]).toEqual(['c/d', 'e']);
  });

  it('refuse a symbol that its file does not declare, and a file that is not there', () => {
    const there = () =>
      'export async function* one() {}\nconst two = 1;\nexport class Three {}\nexport function* four() {}\n';
    const text = '[two](../a.ts) [Three](../a.ts) [four](../a.ts)';
    expect(symbolComplaints(file(text), there)).toEqual([]);
    expect(symbolComplaints(file('[five](../core/a.ts)'), there)).toEqual(['core/a.ts declares no five']);
    expect(symbolComplaints(file('[one](gone.ts)'), () => undefined)).toEqual(['docs/gone.ts declares no one']);
  });
});
