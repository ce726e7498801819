/** Which class a principal belongs to. */
import { describe, expect, it } from 'vitest';
import type { SessionClass } from '../../core/session/policy.ts';
import { classOf } from '../../core/session/policy.ts';

const policy = { idleTimeoutMs: 60_000, lifetimeMs: 60_000, idleAction: 'end' } as const;

const CLASSES: readonly SessionClass[] = [
  { name: 'night', principals: ['key:night-*'], scopes: ['long'], policy },
  { name: 'agents', principals: ['key:night-*', 'key:agent'], policy },
  { name: 'long', scopes: ['long', 'mcp'], policy },
];

describe('the class of a principal', () => {
  it.each([
    [{ id: 'key:night-1', scopes: ['long'] }, 'night'],
    [{ id: 'key:night-1' }, 'agents'],
    [{ id: 'key:agent', scopes: ['other'] }, 'agents'],
    [{ id: 'jwt:someone', scopes: ['mcp', 'long'] }, 'long'],
    [{ id: 'jwt:someone', scopes: ['long'] }, undefined],
    [{ id: 'a key:agent' }, undefined],
  ])('%j is the first whose patterns and scopes fit', (principal, name) => {
    expect(classOf(CLASSES, principal)?.name).toBe(name);
  });
});
