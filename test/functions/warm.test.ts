/**
 * What a program remembers between the calls of a session on Lambda: all of it where the session is the tenant of its function, and
 * nothing anywhere else, though environments be frozen between the calls. It is given back when the session ends.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaServer } from '../../core/adapters/lambda/server.ts';
import { sessionNameOf } from '../../core/protocol/state-scope.ts';
import { warmthIn } from '../../functions/deployment/settings.ts';
import { modernRequest } from '../contracts/stateless-server.contract.ts';
import { patientCall } from '../support/clients/patient-call.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { Deployment } from '../support/lambda/deployment.ts';

const PATIENCE_MS = 120_000;
const SOURCE = 'test/support/lambda/handlers/remembering.mjs';
const SESSION = { FERMATA_TENANCY: 'session' };

/** Calls of sessions, one after the other: everything is frozen before the next. */
function callsOf(deployment: Deployment) {
  const open = () => WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const call = async (client: WireClient, tool: string): Promise<string> => {
    await deployment.quiet();
    const { response } = await patientCall(client, client.tool(tool), { answer: async () => ({}) }, PATIENCE_MS);
    return textIn(response);
  };
  return { open, call };
}

/** Calls of the upstream's function past the proxy, for a principal, in the environment of a session. */
function past(deployment: Deployment, id: string) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const config = { endpoint: deployment.lambda.endpoint, region: 'us-east-1', credentials };
  const server = lambdaServer({ functionName: 'upstream', tenant: 'session', config, observer: () => undefined });
  const session = { id, name: sessionNameOf(id), endsAtMs: Date.now() + 3_600_000 };
  return async (principal: string, name: string): Promise<string> => {
    const request = modernRequest('tools/call', { name, arguments: {} });
    const call = { principal: { id: principal }, session, signal: new AbortController().signal };
    let text = '';
    for await (const said of server(request, call)) text = textIn(said);
    await deployment.quiet();
    return text;
  };
}

describe('with the session as tenant', { timeout: PATIENCE_MS }, () => {
  let deployment: Deployment;
  beforeAll(async () => {
    const upstream = { source: SOURCE, isProgram: true, isTenanted: true, variables: SESSION };
    deployment = await Deployment.start({ upstream, variables: { ...SESSION, FERMATA_HOLD: '1s' } });
  });
  afterAll(() => deployment[Symbol.asyncDispose]());

  it('a program remembers what its session did, and nothing of another session', async () => {
    const { open, call } = callsOf(deployment);
    const [one, two] = [await open(), await open()];
    expect([await call(one, 'count'), await call(one, 'count'), await call(two, 'count')]).toEqual(['1', '2', '1']);
    expect([await call(one, 'count'), await call(two, 'count')]).toEqual(['3', '2']);
    expect(await call(one, 'pid')).not.toBe(await call(two, 'pid'));
  });

  it('a call that was asked goes on in the program that remembers, and the next call finds it as well', async () => {
    const { open, call } = callsOf(deployment);
    const client = await open();
    expect(await call(client, 'count')).toBe('1');
    await deployment.quiet();
    const answer = async () => {
      await deployment.quiet();
      return { action: 'accept', content: { value: 'Ada' } };
    };
    const { response } = await patientCall(client, client.tool('ask'), { answer }, PATIENCE_MS);
    expect(textIn(response)).toBe('Ada 1');
    expect(await call(client, 'count')).toBe('2');
  });

  it('a program is not found by another principal that names its session, in the same environment', async () => {
    const call = past(deployment, 'of-alice');
    expect([await call('alice', 'count'), await call('alice', 'count')]).toEqual(['1', '2']);
    expect([await call('bob', 'count'), await call('alice', 'count')]).toEqual(['1', '3']);
    expect(await call('bob', 'pid')).toBe(await call('alice', 'pid'));
  });

  it('a program is gone with its session, in the environment that had it', async () => {
    const { open, call } = callsOf(deployment);
    const client = await open();
    expect([await call(client, 'count'), await call(client, 'count')]).toEqual(['1', '2']);
    const pid = await call(client, 'pid');
    await deployment.quiet();
    expect((await client.delete()).status).toBe(200);
    await deployment.quiet();
    const direct = past(deployment, String(client.sessionId));
    expect([await direct('key:tester', 'pid'), await direct('key:tester', 'count')]).toEqual([pid, '1']);
    expect(deployment.lambda.get('upstream').output).toContain('"session.released"');
  });

  it('a program whose environment is gone begins anew', async () => {
    const { open, call } = callsOf(deployment);
    const client = await open();
    expect([await call(client, 'count'), await call(client, 'count')]).toEqual(['1', '2']);
    await deployment.quiet();
    expect(deployment.killAll()).toBeGreaterThan(0);
    expect(await call(client, 'count')).toBe('1');
  });
});

describe('with a program that needs its memory', { timeout: PATIENCE_MS }, () => {
  let deployment: Deployment;
  beforeAll(async () => {
    const variables = { ...SESSION, FERMATA_PROGRAM_MEMORY: 'required' };
    const upstream = { source: SOURCE, isProgram: true, isTenanted: true, variables };
    deployment = await Deployment.start({ upstream, variables: { ...variables, FERMATA_HOLD: '1s' } });
  });
  afterAll(() => deployment[Symbol.asyncDispose]());

  it('calls of a session at the same time meet in one program, whichever environment they came to at first', async () => {
    const { open, call } = callsOf(deployment);
    const client = await open();
    const count = async (): Promise<string> => {
      const { response } = await patientCall(client, client.tool('count'), { answer: async () => ({}) }, PATIENCE_MS);
      return textIn(response);
    };
    const counts = await Promise.all([count(), count(), count()]);
    expect(counts.sort()).toEqual(['1', '2', '3']);
    expect(await call(client, 'count')).toBe('4');
  });

  it('a session whose environment is gone ends, and says why and when; a new one begins anew', async () => {
    const { open, call } = callsOf(deployment);
    const client = await open();
    expect([await call(client, 'count'), await call(client, 'count')]).toEqual(['1', '2']);
    await deployment.quiet();
    expect(deployment.lambda.get('upstream').kill()).toBeGreaterThan(0);
    await (await client.post(client.tool('count'))).text();
    await deployment.quiet();
    const response = await client.post(client.tool('count'));
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { data: { code: 'session_ended', reason: 'memory_lost' } } },
    ]);
    expect(await call(await open(), 'count')).toBe('1');
  });
});

describe('without the session as tenant', { timeout: PATIENCE_MS }, () => {
  it('a program remembers nothing, and a function that was told otherwise says so once', async () => {
    const upstream = { source: SOURCE, isProgram: true, variables: SESSION };
    await using deployment = await Deployment.start({ upstream });
    const { open, call } = callsOf(deployment);
    const client = await open();
    const seen = [await call(client, 'count'), await call(client, 'count'), await call(client, 'count')];
    expect(seen).toEqual(['1', '1', '1']);
    const { output, environments } = deployment.lambda.get('upstream');
    expect(output.match(/"runner\.no_tenant"/g)).toHaveLength(environments.size);
  });
});

describe('FERMATA_WARM of a function', () => {
  it.each([
    [{}, 'runs'],
    [{ FERMATA_TENANCY: 'principal' }, 'runs'],
    [SESSION, 'programs'],
    [{ ...SESSION, FERMATA_WARM: 'programs' }, 'programs'],
    [{ ...SESSION, FERMATA_WARM: 'runs' }, 'runs'],
    [{ FERMATA_WARM: 'nothing' }, 'nothing'],
  ])('as %j is %s', (variables, expected) => {
    expect(warmthIn(variables)).toBe(expected);
  });

  it('is refused where memory would be there by chance', () => {
    for (const tenancy of ['none', 'principal'])
      expect(() => warmthIn({ FERMATA_TENANCY: tenancy, FERMATA_WARM: 'programs' })).toThrow(
        'FERMATA_WARM is "programs", which is for functions that isolate sessions as tenants (FERMATA_TENANCY=session): leave it out, or keep less. For example: FERMATA_WARM=runs',
      );
  });
});
