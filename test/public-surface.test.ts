/** What the package promises to export, by name. Taking a name away breaks somebody. */
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import * as aws from '../aws.ts';
import * as surface from '../index.ts';

test('the public surface is these names', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'Decisions',
    'Fault',
    'LIMITS',
    'accessTokens',
    'aesSeal',
    'anonymous',
    'apiKeys',
    'approvalGate',
    'argumentsGate',
    'assertBindable',
    'defineConfig',
    'embeddedKeyRing',
    'folderWorkspaceStore',
    'gated',
    'hashKey',
    'httpApp',
    'httpServer',
    'iamCallers',
    'keepAlive',
    'loadFactory',
    'memoryStores',
    'memoryWorkspaceStore',
    'newApiKey',
    'newKeyText',
    'nodeEnvironment',
    'now',
    'openWorkspaces',
    'parseApiKeys',
    'parseKeyRing',
    'probe',
    'proxy',
    'random',
    'runner',
    'sdkProgram',
    'sdkServer',
    'serveHttp',
    'session',
    'sqliteStores',
    'statelessApp',
    'stdioProgram',
    'step',
    'tokenVerifier',
    'uuid',
    'workspace',
  ]);
});

test('the surface for AWS is these names', () => {
  expect(Object.keys(aws).sort()).toEqual([
    'bufferedEntry',
    'callerArnOf',
    'createTable',
    'dynamodbClient',
    'dynamodbStores',
    'invokedForOf',
    'lambdaDispatch',
    'lambdaServer',
    'lambdaSessionEnd',
    'orderIn',
    's3Client',
    's3WorkspaceStore',
    'sessionNoticeIn',
    'streamingEntry',
  ]);
});

test('who does not ask for AWS never loads its SDK', async () => {
  const packagesOf = async (file: string) => {
    const options = { bundle: true, packages: 'external', write: false, metafile: true, platform: 'node' } as const;
    const { metafile } = await build({ ...options, entryPoints: [file], format: 'esm', target: 'node20' });
    const [output] = Object.values(metafile.outputs);
    return [...new Set(output?.imports.map(({ path }) => path).filter(path => path.startsWith('@aws-sdk/')))].sort();
  };
  expect(await packagesOf('index.ts')).toEqual([]);
  expect(await packagesOf('bin/fermata.ts')).toEqual([]);
  expect(await packagesOf('aws.ts')).toEqual([
    '@aws-sdk/client-dynamodb',
    '@aws-sdk/client-lambda',
    '@aws-sdk/client-s3',
  ]);
});

test('the two halves compose by application, with names of the surface alone', async () => {
  const { httpApp, proxy, runner, sdkServer, memoryStores, nodeEnvironment, aesSeal, parseKeyRing, newKeyText } =
    surface;
  const environment = nodeEnvironment();
  const owner = environment.newId();
  const stores = memoryStores({ owner });
  const observer = (): void => {};
  const parts = { seal: aesSeal({ keys: parseKeyRing(newKeyText(), 'here') }), environment, observer, owner };
  const { default: factory } = await import('../examples/expense-tracker/server.ts');
  const upstream = sdkServer({
    factory,
    runner: program => runner({ program, ...parts, guard: stores.rounds, retryLost: 'idempotent' }),
  });
  const settings = {
    idleTimeoutMs: 60_000,
    lifetimeMs: 60_000,
    idleAction: 'sleep',
    retryLost: 'never',
    drainMs: 0,
  } as const;
  const server = proxy({ upstream, stores, environment, observer, owner, settings });
  const app = httpApp({ server, authenticate: surface.anonymous(), observer });
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  };
  const response = await app.request('http://127.0.0.1/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(initialize),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('mcp-session-id')).toMatch(/^[\w-]{22,}$/);
  expect(await response.json()).toMatchObject({ id: 1, result: { serverInfo: { name: 'expense-tracker' } } });
  await server.close();
  await stores.close();
});
