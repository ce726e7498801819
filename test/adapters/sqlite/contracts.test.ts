import { describe, expect, test } from 'vitest';
import { chooseDriver } from '../../../core/adapters/sqlite/driver.ts';
import { describeAuditLogContract } from '../../contracts/audit-log.contract.ts';
import { describeEventLogContract } from '../../contracts/event-log.contract.ts';
import { describeExchangeStoreContract } from '../../contracts/exchange-store.contract.ts';
import { describeRoundGuardContract } from '../../contracts/round-guard.contract.ts';
import { describeSessionStoreContract } from '../../contracts/session-store.contract.ts';
import { describeStateStoreContract } from '../../contracts/state-store.contract.ts';
import { DRIVERS, makeOnDisk, NODE_HAS_SQLITE } from './stores-on-disk.ts';

for (const driver of DRIVERS) {
  const make = () => makeOnDisk(driver);
  describeSessionStoreContract(driver, make);
  describeExchangeStoreContract(driver, make);
  describeEventLogContract(driver, make);
  describeRoundGuardContract(driver, make);
  describeStateStoreContract(driver, make);
  describeAuditLogContract(driver, make);
}

describe('the choice of the driver', () => {
  test('Node’s own SQLite is preferred where Node has it, and libsql is used where it has not', () => {
    expect(chooseDriver().name).toBe(NODE_HAS_SQLITE ? 'node:sqlite' : 'libsql');
  });

  test('a driver that this Node cannot load is a fault that says what to install', () => {
    const choose = () => chooseDriver('node:sqlite').name;
    if (NODE_HAS_SQLITE) expect(choose()).toBe('node:sqlite');
    else expect(choose).toThrow(/has none as node:sqlite\. Run "npm install libsql", or use Node 22\.13 or later/);
  });
});
