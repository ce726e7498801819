/** `fermata gate explain` and the text of `fermata audit`, as people read them. */
import { expect, it } from 'vitest';
import { auditText } from '../../bin/audit.ts';
import { paintFor } from '../../bin/paint.ts';
import { starting } from '../support/command-line.ts';

const CONFIG = {
  gates: {
    arguments: { tools: ['*'] },
    approval: [
      { name: 'large', tools: ['add_expense'], when: 'amount > 1000', approvers: ['scope:approve'] },
      { name: 'writing', annotations: 'writing', scopes: ['intern'] },
      { name: 'all', tools: ['add_*'] },
    ],
  },
};

it('gate explain says which gates would ask, of whom and why, and asks nothing', async () => {
  const words = ['gate', 'explain', 'add_expense', '--args', '{"amount": 5000}', '--principal', 'key:ada'];
  const { code, stdout, stderr } = await starting(words, { FERMATA_CONFIG: JSON.stringify(CONFIG) }).ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(
    'add_expense {"amount":5000} for key:ada\n\n' +
      'arguments\n  does not ask\n\n' +
      'approval\n' +
      '  large: asks scope:approve, because the tool add_expense is named, amount > 1000 holds\n' +
      '  writing: does not name this call\n' +
      '  all: would ask as well, and need not, because the tool add_expense is named\n',
  );
});

it('audit prints a table, the newest first', () => {
  const entry = {
    id: '1',
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    event: 'passed' as const,
    gate: 'approval',
    tool: 'pay',
    argumentsDigest: 'abcdefghijklmnop',
    principal: 'key:ada',
    by: 'key:carol',
    via: 'page' as const,
    because: 'key:carol approved it once',
    expiresAtMs: 0,
  };
  expect(auditText([entry], paintFor({}, {}))).toBe(
    'WHEN                  WHAT    TOOL  PRINCIPAL  DECIDED BY        ARGUMENTS     WHY\n' +
      '2026-01-02T03:04:05Z  passed  pay   key:ada    key:carol (page)  abcdefghijkl  key:carol approved it once\n',
  );
});
