/** Callers whom AWS has verified: known by what stands beside the request, whatever is written in it. */
import { describe, expect, it } from 'vitest';
import { httpApp } from '../../core/http/app.ts';
import { iamCallers } from '../../core/http/iam-callers.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';

const ARN = 'arn:aws:sts::123456789012:assumed-role/reader/alice';

async function post(arn: string | undefined, headers: Record<string, string> = {}) {
  const callers = new WeakMap<Request, string>();
  const principals: string[] = [];
  const server = scriptedStateful({
    receive: (_, { principal }) => {
      principals.push(principal.id);
      return { kind: 'accepted' };
    },
  });
  const app = httpApp({ server, authenticate: iamCallers(request => callers.get(request)), observer: () => {} });
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
  });
  if (arn !== undefined) callers.set(request, arn);
  return { response: await app.fetch(request), principals };
}

describe('a caller that AWS has verified', () => {
  it('is the principal of its ARN', async () => {
    const { response, principals } = await post(ARN);
    expect(response.status).toBe(202);
    expect(principals).toEqual([`iam:${ARN}`]);
  });

  it.each([
    ['nothing', {}],
    ['an ARN in a header', { 'x-amzn-caller-arn': ARN, 'x-amz-user-arn': ARN }],
    ['a signature nobody has checked', { authorization: 'AWS4-HMAC-SHA256 Credential=A/B, Signature=c' }],
    ['a bearer token', { authorization: 'Bearer secret' }],
  ])('is not whoever brings %s', async (_, headers) => {
    for (const arn of [undefined, '']) {
      const { response, principals } = await post(arn, headers);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('AWS4-HMAC-SHA256');
      expect(await response.json()).toMatchObject({ error: { code: -32000, data: { code: 'principal_required' } } });
      expect(principals).toEqual([]);
    }
  });
});
