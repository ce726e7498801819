/**
 * What must be true of a stage for one setting or another: who may do what, which functions there are, who is told what.
 */
import assert from 'node:assert/strict';
import type { Deployment } from './deployment.ts';
import type { Expectation } from './expectations.ts';
import { ACCOUNT, REGION, SECRETS } from './mocks.ts';

const TABLE_ACTIONS = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'];

export const arnOf = (service: string, name: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
export const onTable = (stage: string): readonly string[] =>
  TABLE_ACTIONS.map(action => `dynamodb:${action} on ${arnOf('dynamodb', `fermata-${stage}-StateTable`)}`);
export const onFunction = (stage: string, name: string): string =>
  `lambda:InvokeFunction on ${arnOf('lambda', `fermata-${stage}-${name}Function`)}`;
export const onQueue = (stage: string): string =>
  `sqs:SendMessage on ${arnOf('sqs', `fermata-${stage}-DeadLettersQueue`)}`;

export const goes: Expectation = {
  says: 'the stage can be removed, and its data goes with it',
  holds: ({ synthesis: { app }, table }) =>
    assert.deepEqual([app.removal, app.protect, table.deletionProtectionEnabled], ['remove', false, false]),
};

export const open: Expectation = {
  says: 'the URL lets everyone in, for the proxy to ask who they are',
  holds: deployment => {
    assert.equal(deployment.url().authorizationType, 'NONE');
    assert.deepEqual(actionsOnProxy(deployment), ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl']);
  },
};

export const actionsOnProxy = (deployment: Deployment): readonly unknown[] =>
  deployment
    .all('aws:lambda/permission:Permission')
    .map(({ inputs }) => inputs.action)
    .sort();

export const deploys = (...names: readonly string[]): Expectation => ({
  says: `the functions are ${names.join(', ')}`,
  holds: ({ functions }) => assert.deepEqual(functions, names),
});

export const mayDo = (rights: Readonly<Record<string, readonly string[]>>): Expectation => ({
  says: 'each function may do what it needs, and nothing else',
  holds: deployment => {
    for (const [name, actions] of Object.entries(rights)) assert.deepEqual(deployment.mayDo(name), actions, name);
  },
});

type Variables = Readonly<Record<string, string>>;

/** `front` reaches the proxy alone. */
export const tells = (variables: Variables, front: Variables): Expectation => ({
  says: 'what is set reaches those who need it, and what is not set nobody',
  holds: deployment => {
    const FERMATA_TABLE = String(deployment.table.name);
    const known = { FERMATA_TABLE, FERMATA_KEYS: SECRETS.FermataKeys, ...variables };
    assert.deepEqual(deployment.variables('Driver'), known);
    const FERMATA_DRIVER = String(deployment.lambda('Driver').name);
    assert.deepEqual(deployment.variables('Proxy'), { ...known, ...front, FERMATA_DRIVER });
  },
});
