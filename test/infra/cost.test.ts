/** The page on costs says what the script computes, and the script counts what is deployed and what was measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { billOf, costDocument, vmBillOf } from '../../scripts/cost/document.ts';
import { DEPLOYMENT, MODES, UNITS, VMS, WAITING_HOUR } from '../../scripts/cost/session.ts';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');

const costs = (mode: string): number => {
  const found = MODES.find(({ name }) => name === mode);
  if (found === undefined) throw new Error(`no mode ${mode}`);
  return billOf(found.usage).total;
};

describe('docs/cost.md', () => {
  it('is what scripts/cost.ts computes', () => {
    expect(page('cost.md')).toBe(costDocument());
  });

  it('counts the units of DynamoDB that are measured', () => {
    const measured = page('dynamodb.md');
    const row = (flow: string): readonly string[] =>
      measured
        .split('\n')
        .find(line => line.startsWith(`| ${flow} `))
        ?.split('|')
        .map(cell => cell.trim().split(' ')[0] ?? '') ?? [];
    expect(row('… answered in another process, sealed').slice(2, 4)).toEqual([
      String(UNITS.readsOfQuestion),
      String(UNITS.writesOfQuestion),
    ]);
    expect(row('plain call, sealed').slice(2, 4)).toEqual([String(UNITS.readsOfRequest), '0']);
    expect(row('waiting, connection held, a second')[2]).toBe(String(UNITS.readsOfHeldSecond));
    expect(row('initialize')[3]).toBe(String(UNITS.writesOfInitialize));
  });
});

describe('a bill', () => {
  it('adds compute, requests and units at their prices', () => {
    const bill = billOf({
      proxySeconds: 100,
      driverSeconds: 20,
      upstreamSeconds: 80,
      requests: 1_000_000,
      writes: 1_000_000,
      reads: 1_000_000,
    });
    expect(bill.gbSeconds).toBe(120 * DEPLOYMENT.proxyGb + 80 * DEPLOYMENT.upstreamGb);
    expect(bill.compute).toBeCloseTo(100 * 0.0000133334, 10);
    expect(bill.requests).toBeCloseTo(0.2, 10);
    expect(bill.table).toBeCloseTo(0.625 + 0.125, 10);
    expect(bill.total).toBeCloseTo(bill.compute + 0.2 + 0.75, 10);
  });

  it('is lower the less is held', () => {
    const totals = ['everything held', 'program suspended', 'calls held', 'released (as deployed)'].map(costs);
    expect(totals).toEqual([...totals].sort((a, b) => b - a));
  });
});

describe('the claims of the page', () => {
  it('hold: released is cheaper than a microVM however lean, and everything held is dearer', () => {
    for (const vm of VMS) {
      expect(costs('released (as deployed)')).toBeLessThan(vmBillOf(vm));
      expect(costs('everything held')).toBeGreaterThan(vmBillOf(vm));
    }
  });

  it('hold: an hour of waiting costs less than a seventh of a microVM', () => {
    expect(billOf(WAITING_HOUR).total).toBeLessThan((0.5 * 0.00945) / 7);
  });
});
