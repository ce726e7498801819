import { describe, expect, it } from 'vitest';
import { folderOf, layerComplaints } from './rules/layers.ts';
import { PURE_FOLDERS, purityComplaints } from './rules/purity.ts';
import { codeOf, filesOf, importsOf } from './rules/source.ts';
import { packageOf, vendorComplaints } from './rules/vendors.ts';

const PRODUCT = filesOf(['core', 'bin', 'functions'], '.ts');

describe('the product', () => {
  it('was found', () => {
    expect(PRODUCT.length).toBeGreaterThan(20);
    expect(PRODUCT.flatMap(file => importsOf(file.text)).length).toBeGreaterThan(PRODUCT.length);
  });

  it('imports only from lower layers', () => {
    expect(PRODUCT.flatMap(layerComplaints)).toEqual([]);
  });

  it('names each vendor in one folder', () => {
    expect(vendorComplaints(PRODUCT)).toEqual([]);
  });

  it('is pure below the ports', () => {
    const pure = filesOf(PURE_FOLDERS, '.ts');
    expect(pure.length).toBeGreaterThan(10);
    expect(pure.flatMap(purityComplaints)).toEqual([]);
  });
});

describe('the scanner', () => {
  it('finds every kind of import', () => {
    const text = [
      "import type { A } from './a.ts';",
      "import {\n  b,\n} from './b.ts';",
      "import './c.ts';",
      "export { d } from './d.ts';",
      "export type { E } from './e.ts';",
      "const f = await import('./f.ts');",
      "import * as g from 'g';",
    ].join('\n');
    expect(importsOf(text)).toEqual([
      { specifier: './a.ts', isTypeOnly: true },
      { specifier: './b.ts', isTypeOnly: false },
      { specifier: './c.ts', isTypeOnly: false },
      { specifier: './d.ts', isTypeOnly: false },
      { specifier: './e.ts', isTypeOnly: true },
      { specifier: 'g', isTypeOnly: false },
      { specifier: './f.ts', isTypeOnly: false },
    ]);
  });

  it('does not take a comment for an import', () => {
    expect(importsOf("// import { a } from './a.ts';\n/* import './b.ts' */\nexport const c = 1;")).toEqual([]);
  });

  it('tells strings, comments and regular expressions from code', () => {
    const text = "const a = 'x // y'; // z\nconst b = /['\"/]/.test(c) ? 1 / 2 : `q`; fetch();";
    expect(codeOf(text, 'blank').replace(/ +/g, ' ')).toBe('const a = ; \nconst b = .test(c) ? 1 / 2 : ; fetch();');
    expect(codeOf(text, 'keep')).toContain('x // y');
  });
});

describe('the rule of layers', () => {
  const complaints = (path: string, specifier: string) =>
    layerComplaints({ path, text: `import { x } from '${specifier}';` });

  it('allows what lies below and what lies beside', () => {
    expect(complaints('core/proxy/a.ts', '../ports/b.ts')).toEqual([]);
    expect(complaints('core/proxy/a.ts', './b.ts')).toEqual([]);
    expect(complaints('core/adapters/sqlite/a.ts', '../../ports/b.ts')).toEqual([]);
    expect(complaints('bin/a.ts', '../core/http/b.ts')).toEqual([]);
  });

  it('refuses what lies above', () => {
    expect(complaints('core/session/a.ts', '../ports/b.ts')).toEqual([
      'core/session/a.ts: core/session must not know core/ports (../ports/b.ts)',
    ]);
  });

  it('refuses a stranger on the same layer', () => {
    expect(complaints('core/proxy/a.ts', '../runner/b.ts')).toHaveLength(1);
    expect(complaints('core/journal/a.ts', '../session/b.ts')).toHaveLength(1);
    expect(complaints('core/adapters/sqlite/a.ts', '../memory/b.ts')).toHaveLength(1);
    expect(complaints('core/http/a.ts', '../adapters/memory/b.ts')).toHaveLength(1);
  });

  it('refuses a folder that has no place, whoever names it', () => {
    expect(complaints('core/extras/a.ts', './b.ts')).toEqual(['core/extras/a.ts: core/extras is on no layer']);
    expect(complaints('core/proxy/a.ts', '../../test/b.ts')).toHaveLength(1);
  });

  it('refuses a specifier without the ending of its file', () => {
    expect(complaints('core/proxy/a.ts', './b')).toHaveLength(1);
    expect(complaints('core/proxy/a.ts', './b.js')).toHaveLength(1);
  });

  it('knows the folders of adapters as folders of their own', () => {
    expect(folderOf('core/adapters/sqlite/a.ts')).toBe('core/adapters/sqlite');
    expect(folderOf('core/proxy/a.ts')).toBe('core/proxy');
    expect(folderOf('bin/fermata.ts')).toBe('bin');
  });
});

describe('the rule of vendors', () => {
  const file = (path: string, line: string) => ({ path, text: line });

  it('refuses a vendor outside its folder', () => {
    expect(vendorComplaints([file('core/proxy/a.ts', "import { Hono } from 'hono/tiny';")])).toEqual([
      'core/proxy/a.ts: hono belongs in core/http',
    ]);
    expect(vendorComplaints([file('core/http/a.ts', "import { DatabaseSync } from 'node:sqlite';")])).toHaveLength(1);
  });

  it('refuses the SDK at run time and allows its types', () => {
    expect(
      vendorComplaints([file('core/bridge/a.ts', "import { X } from '@modelcontextprotocol/server';")]),
    ).toHaveLength(1);
    expect(
      vendorComplaints([file('core/bridge/a.ts', "import type { X } from '@modelcontextprotocol/server';")]),
    ).toEqual([]);
  });

  it('refuses any package in two folders of the core', () => {
    const two = [file('core/a/x.ts', "import 'zod';"), file('core/b/y.ts', "import { z } from 'zod/v4';")];
    expect(vendorComplaints(two)).toEqual(['zod is named in core/a and core/b']);
    expect(vendorComplaints(two.slice(0, 1))).toEqual([]);
  });

  it('reads the package from a specifier', () => {
    expect(['@scope/name/deep', 'name/deep', './mine.ts', 'node:fs', 'node:sqlite'].map(packageOf)).toEqual([
      '@scope/name',
      'name',
      undefined,
      undefined,
      'node:sqlite',
    ]);
  });
});

describe('the rule of purity', () => {
  it.each([
    'const now = Date.now();',
    'const at = new Date();',
    'const luck = Math.random();',
    'await fetch(url);',
    'setTimeout(run, 5);',
    'process.exit();',
    'console.log(1);',
    "import { readFile } from 'node:fs/promises';",
  ])('refuses %s', text => {
    expect(purityComplaints({ path: 'core/base/a.ts', text })).toHaveLength(1);
  });

  it('allows the words in comments, in strings and as members', () => {
    const text = "// Date.now() is an argument here.\nconst a = 'fetch'; b.process(); environment.now();";
    expect(purityComplaints({ path: 'core/base/a.ts', text })).toEqual([]);
  });
});
