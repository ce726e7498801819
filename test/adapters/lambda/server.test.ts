/** The adapter against functions that are wrong in every way, and the real client of the AWS SDK between them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LambdaServerOptions } from '../../../core/adapters/lambda/server.ts';
import { lambdaServer } from '../../../core/adapters/lambda/server.ts';
import { type Fault, faultOf } from '../../../core/base/errors.ts';
import type { CallContext } from '../../../core/ports/stateless-server.ts';
import { modernRequest } from '../../contracts/stateless-server.contract.ts';
import { type Bundled, bundle } from '../../support/lambda/bundle.ts';
import { LocalLambda } from '../../support/lambda/local-lambda.ts';

const LIST = modernRequest('prompts/list');
const ANONYMOUS = { principal: { id: 'anonymous' }, signal: new AbortController().signal };

let bundled: Bundled;
let lambda: LocalLambda;
beforeAll(async () => {
  bundled = await bundle({ wrong: 'test/support/lambda/handlers/wrong.ts' });
  lambda = await LocalLambda.start();
  const options = { taskRoot: bundled.folder, timeoutMs: 60_000 };
  for (const name of [
    'right',
    'base64',
    'multiple',
    'fails',
    'hangs',
    'exits',
    'large',
    'bare',
    'text',
    'html',
    'refuses',
    'cut',
  ])
    await lambda.create(name, { ...options, handler: `wrong.${name}`, ...(name === 'hangs' && { timeoutMs: 1_000 }) });
  await lambda.create('missing', { ...options, handler: 'wrong.nowhere' });
  await lambda.create('tenanted', { ...options, handler: 'wrong.right', isTenanted: true });
});
afterAll(async () => {
  await lambda[Symbol.asyncDispose]();
  bundled[Symbol.dispose]();
});

const serverFor = (functionName: string, options: Partial<LambdaServerOptions> = {}) =>
  lambdaServer({
    functionName,
    config: {
      endpoint: lambda.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    },
    observer: () => undefined,
    ...options,
  });

async function said(functionName: string, options?: Partial<LambdaServerOptions>, call: CallContext = ANONYMOUS) {
  const messages = [];
  for await (const message of serverFor(functionName, options)(LIST, call)) messages.push(message);
  return messages;
}

async function faultFrom(functionName: string, options?: Partial<LambdaServerOptions>): Promise<Fault> {
  const messages = await said(functionName, options).catch(faultOf);
  if (Array.isArray(messages)) throw new Error(`expected a fault, heard ${JSON.stringify(messages)}`);
  return messages;
}

const COMPLETE = { jsonrpc: '2.0', id: 1, result: { resultType: 'complete', prompts: [] } };

describe('an answer', () => {
  it.each(['right', 'base64', 'multiple'])('in the shape of the function %s is read', async name => {
    expect(await said(name, { mode: 'buffered' })).toEqual([COMPLETE]);
    expect(await said(name, { mode: 'stream' })).toEqual([COMPLETE]);
  });

  it('that is refused carries the status', async () => {
    expect(await faultFrom('refuses')).toMatchObject({ code: 'upstream_unreachable', data: { status: 403 } });
  });

  it.each([
    ['bare', 'its answer is no JSON-RPC response'],
    ['text', 'its answer is no JSON-RPC response'],
    ['html', 'it answered with text/html'],
  ])('of the function %s breaks the protocol, and is told so', async (name, why) => {
    const message = `The upstream broke the protocol: ${why}.`;
    for (const mode of ['buffered', 'stream'] as const)
      expect(await faultFrom(name, { mode })).toMatchObject({ code: 'upstream_invalid', message });
  });
});

describe('a function', () => {
  it.each([
    ['fails', 'upstream_lost', 'TypeError: secret'],
    ['exits', 'upstream_lost', 'Runtime.ExitError'],
    ['hangs', 'upstream_timeout', 'Task timed out after 1.00 seconds'],
    ['large', 'upstream_invalid', 'Function.ResponseSizeTooLarge'],
    ['missing', 'upstream_unreachable', 'Runtime.HandlerNotFound'],
    ['nobody', 'upstream_unreachable', 'ResourceNotFoundException'],
    ['tenanted', 'upstream_unreachable', 'InvalidParameterValueException'],
  ])('%s: the fault is %s, and only its detail says more', async (name, code, detail) => {
    const fault = await faultFrom(name, { mode: 'buffered' });
    expect(fault.code).toBe(code);
    expect(fault.detail).toContain(detail);
    expect(fault.message).not.toMatch(/secret|Exception|Runtime|Function/);
  });

  it('that dies in the middle of its answer is lost', async () => {
    const fault = await faultFrom('cut', { mode: 'stream' });
    expect(fault.code).toBe('upstream_lost');
    expect(fault.detail).toContain('Runtime.ExitError');
  });

  it('that runs out of time in a stream timed out', async () => {
    expect((await faultFrom('hangs', { mode: 'stream' })).code).toBe('upstream_timeout');
  });
});

describe('a function without capacity', () => {
  it('is invoked again until there is some', async () => {
    lambda.get('right').throttle(2);
    expect(await said('right')).toEqual([COMPLETE]);
  });

  it('is busy after a few times, and nothing was run', async () => {
    const right = lambda.get('right');
    await right.quiet();
    const before = right.billed.length;
    right.throttle(100);
    const fault = await faultFrom('right');
    right.throttle(0);
    await right.quiet();
    expect([fault.code, fault.message]).toEqual(['upstream_busy', 'The upstream has too much to do. Try again later.']);
    expect(right.billed.length).toBe(before);
  });

  it('is not waited for by a caller that gives up', async () => {
    lambda.get('right').throttle(100);
    const giveUp = AbortSignal.timeout(100);
    expect(await said('right', {}, { ...ANONYMOUS, signal: giveUp })).toEqual([]);
    lambda.get('right').throttle(0);
  });
});

describe('an endpoint', () => {
  const config = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

  it('that is not there cannot be reached', async () => {
    const fault = await faultFrom('right', { config: { ...config, endpoint: 'http://127.0.0.1:9' } });
    expect([fault.code, fault.message]).toEqual(['upstream_unreachable', 'The upstream cannot be reached.']);
  });
});

describe('tenants', () => {
  const session = { id: 'session-1', name: 'name-1', endsAtMs: 1 };
  const tenantsOf = async (tenant: 'principal' | 'session', principals: readonly string[], withSession: boolean) => {
    const tenanted = lambda.get('tenanted');
    tenanted.kill();
    await tenanted.quiet();
    for (const id of principals) {
      const call = { ...ANONYMOUS, principal: { id }, ...(withSession ? { session } : {}) };
      expect(await said('tenanted', { tenant }, call)).toEqual([COMPLETE]);
      await tenanted.quiet();
    }
    return [...tenanted.environments].map(({ options }) => options.tenantId);
  };

  it('are principals, named by a digest where Lambda does not allow their names', async () => {
    expect(await tenantsOf('principal', ['key:alice', 'key:bob', 'key:alice'], true)).toEqual(['key:alice', 'key:bob']);
    expect(await tenantsOf('principal', ['jürgen'], false)).toEqual([
      'sha256:19b720a911fced55aecd96bf4ddcada1c69be5a96dc523d5be336b8efbde3109',
    ]);
  });

  it('are sessions, and principals where there is no session', async () => {
    expect(await tenantsOf('session', ['key:alice', 'key:bob'], true)).toEqual(['session-1']);
    expect(await tenantsOf('session', ['key:alice'], false)).toEqual(['key:alice']);
  });
});
