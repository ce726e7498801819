/** Pins: what deployed clients can see. A red one is not forbidden, but it is meant. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULTS } from '../../core/base/errors.ts';
import { STATUSES, statusOfResponse } from '../../core/http/status.ts';

it('every fault has its status in both eras', () => {
  const table = Object.entries(STATUSES).map(([code, { legacy, modern }]) => `${code} ${legacy} ${modern}`);
  expect(table).toEqual([
    'parse_error 400 400',
    'invalid_request 400 400',
    'invalid_params 200 400',
    'method_unknown 200 404',
    'path_unknown 404 404',
    'method_not_allowed 405 405',
    'session_required 400 400',
    'session_unknown 404 404',
    'session_ended 404 404',
    'sessions_exceeded 429 429',
    'calls_exceeded 200 429',
    'tasks_exceeded 200 429',
    'stream_unknown 400 400',
    'request_id_in_use 400 400',
    'header_mismatch 400 400',
    'capability_missing 200 400',
    'revision_unsupported 400 400',
    'state_rejected 200 200',
    'answer_invalid 400 200',
    'body_too_large 413 413',
    'media_type_unsupported 415 415',
    'not_acceptable 406 406',
    'host_rejected 403 403',
    'origin_rejected 403 403',
    'principal_required 401 401',
    'scope_insufficient 403 403',
    'upstream_unreachable 502 502',
    'upstream_busy 503 503',
    'upstream_timeout 504 504',
    'upstream_lost 502 502',
    'upstream_invalid 502 502',
    'rounds_exceeded 502 502',
    'questions_exceeded 200 502',
    'events_exceeded 200 502',
    'journal_mismatch 200 200',
    'journal_too_large 200 200',
    'state_too_large 200 200',
    'state_unavailable 200 200',
    'workspace_too_large 200 200',
    'memory_lost 200 200',
    'memory_elsewhere 200 200',
    'run_lost 200 200',
    'program_unstartable 200 200',
    'program_crashed 200 200',
    'program_unresponsive 200 200',
    'program_flooding 200 200',
    'store_unavailable 503 503',
    'store_corrupt 500 500',
    'workspace_damaged 200 200',
    'store_locked 500 500',
    'gate_failed 200 200',
    'issuer_unavailable 503 503',
    'setting_invalid 500 500',
    'internal 500 500',
  ]);
});

it('no fault is without a status', () => {
  expect(Object.keys(STATUSES).sort()).toEqual(Object.keys(FAULTS).sort());
});

it('only what may pass by itself says when to try again', () => {
  const again = Object.entries(STATUSES).flatMap(([code, row]) =>
    row.retryAfterSeconds === undefined ? [] : [`${code} ${row.retryAfterSeconds}`],
  );
  expect(again).toEqual([
    'sessions_exceeded 60',
    'calls_exceeded 1',
    'tasks_exceeded 60',
    'upstream_busy 1',
    'store_unavailable 1',
    'issuer_unavailable 5',
  ]);
});

it.each([
  [-32601, 404],
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
  [-32602, 200],
  [-32603, 200],
  [-32600, 200],
  [-32000, 200],
])('a modern response with error %i has status %i', (code, status) => {
  expect(statusOfResponse({ jsonrpc: '2.0', id: 1, error: { code, message: 'No.' } })).toBe(status);
});

it('a modern result has status 200', () => {
  expect(statusOfResponse({ jsonrpc: '2.0', id: 1, result: { resultType: 'complete' } })).toBe(200);
});

it('docs/errors.md says the same', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (-[0-9]+) \| ([0-9]+) \| ([0-9]+) \|/gm)].map(([, ...cells]) =>
    cells.join(' '),
  );
  const expected = Object.entries(FAULTS).map(([code, { rpc }]) => {
    const { legacy, modern } = STATUSES[code as keyof typeof FAULTS];
    return `${code} ${rpc} ${legacy} ${modern}`;
  });
  expect(rows.sort()).toEqual(expected.sort());
});
