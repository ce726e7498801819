import { expect, test } from 'vitest';
import { nodeEnvironment } from '../../../core/adapters/node/environment.ts';

test('ids are 144 bits in hexadecimal, so that no command takes one for an option, and never the same', () => {
  const { newId } = nodeEnvironment();
  const ids = Array.from({ length: 1000 }, newId);
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{36}$/);
});

test('now is the system’s clock', () => {
  const before = Date.now();
  const nowMs = nodeEnvironment().now();
  expect(nowMs).toBeGreaterThanOrEqual(before);
  expect(nowMs).toBeLessThanOrEqual(Date.now());
});
