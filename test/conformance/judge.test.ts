import { describe, expect, it } from 'vitest';
import type { Check } from '../../scripts/conformance/judge.ts';
import { EXTENDED, EXTRA, judge, SCORED, scoredScenarios, unscoredScenarios } from '../../scripts/conformance/judge.ts';

const check = (id: string, status: Check['status'], errorMessage?: string): Check =>
  errorMessage === undefined ? { id, status } : { id, status, errorMessage };

const WIRE = check('wire-schema-valid', 'SUCCESS');

describe('the judge of the conformance suite', () => {
  it('passes a scenario of which every check succeeded', () => {
    expect(judge('ping', [check('ping', 'SUCCESS'), WIRE])).toEqual({
      scenario: 'ping',
      passed: true,
      skipped: false,
      successes: 2,
      total: 2,
      complaints: [],
    });
  });

  it('does not count what is only said', () => {
    expect(judge('x', [check('x', 'SUCCESS'), check('y', 'INFO'), check('z', 'SKIPPED')])).toMatchObject({
      passed: true,
      total: 1,
    });
  });

  it('fails a scenario with a failure, and says which', () => {
    expect(judge('x', [check('a', 'SUCCESS'), check('b', 'FAILURE', 'No way.')])).toMatchObject({
      passed: false,
      successes: 1,
      total: 2,
      complaints: ['b: failure: No way.'],
    });
  });

  it('fails a scenario with a warning, which the suite itself forgives', () => {
    expect(judge('x', [check('a', 'SUCCESS'), check('b', 'WARNING')])).toMatchObject({
      passed: false,
      complaints: ['b: warning: no message'],
    });
  });

  it('fails a scenario that checked nothing but the shape of messages', () => {
    expect(judge('x', [WIRE]).passed).toBe(false);
    expect(judge('x', []).passed).toBe(false);
  });

  it('says of a scenario that the suite left out that it says nothing', () => {
    expect(judge('x', [check('x', 'SKIPPED'), WIRE])).toMatchObject({ passed: false, skipped: true });
    expect(judge('x', [check('x', 'SKIPPED'), check('y', 'FAILURE')])).toMatchObject({ passed: false, skipped: false });
    expect(judge('x', [WIRE])).toMatchObject({ skipped: false });
  });

  it('fails a scenario in which a required check only was an information', () => {
    const checks = [
      check('server-sse-priming-event', 'SUCCESS'),
      check('server-sse-retry-field', 'SUCCESS'),
      check('server-sse-disconnect-resume', 'INFO'),
    ];
    expect(judge('server-sse-polling', checks, EXTRA['server-sse-polling'])).toMatchObject({
      passed: false,
      successes: 2,
      total: 3,
      complaints: ['server-sse-disconnect-resume: was not checked'],
    });
  });
});

describe('the list of scored scenarios', () => {
  it('is the items of "server" and of nothing else', () => {
    const yaml = '# A comment.\nserver:\n  - ping\n  # Why it is here.\n  - tools-list\n\nclient:\n  - initialize\n';
    expect(scoredScenarios(yaml)).toEqual(['ping', 'tools-list']);
  });

  it('is empty where there is no such key', () => {
    expect(scoredScenarios('client:\n  - initialize\n')).toEqual([]);
  });

  it('has as many items as each revision is known to score', () => {
    expect(SCORED).toEqual({ '2025-11-25': 30, '2026-07-28': 37 });
  });
});

describe('the list of scenarios that are run and not scored', () => {
  it('is the items of "not_scored" that test a server', () => {
    const yaml = `not_scored:
  - scenario: auth/dpop
    leg: client
    reason: extension
  - scenario: tasks-lifecycle
    leg: server
    reason: extension
    note: >-
      Why it is so.
`;
    expect(unscoredScenarios(yaml)).toEqual(['tasks-lifecycle']);
  });

  it('has as many items as each revision is known to run', () => {
    expect(EXTENDED).toEqual({ '2025-11-25': 3, '2026-07-28': 13 });
  });
});
