import { describe, expect, it } from 'vitest';
import { bufferedEntry } from '../../../core/adapters/lambda-entry/buffered.ts';
import { arrivedIn, sourceAddressOf } from '../../../core/adapters/lambda-entry/event.ts';
import { streamingEntry } from '../../../core/adapters/lambda-entry/streaming.ts';

const { signal } = new AbortController();
const observer = () => undefined;
const arrived = (event: unknown) => arrivedIn(event, signal);

/** A REST API of API Gateway: the query is decoded, and repeated headers and parameters have lists of their own. */
const REST = {
  httpMethod: 'POST',
  path: '/mcp',
  headers: { Host: 'api.example.com', 'Content-Type': 'application/json', 'X-Forwarded-Proto': 'https' },
  multiValueHeaders: { Host: ['api.example.com'], 'Content-Type': ['application/json'], 'X-Two': ['1', '2'] },
  queryStringParameters: { q: 'b c' },
  multiValueQueryStringParameters: { q: ['a&b', 'b c'] },
  requestContext: { stage: 'prod', identity: { sourceIp: '127.0.0.1' } },
  body: '{"a":1}',
  isBase64Encoded: false,
};

/** A load balancer: the query is as it came. */
const BALANCER = {
  httpMethod: 'GET',
  path: '/mcp',
  headers: { host: 'lb.example.com', 'x-forwarded-proto': 'http' },
  queryStringParameters: { q: 'a%26b' },
  requestContext: { elb: { targetGroupArn: 'arn' } },
  body: '',
  isBase64Encoded: false,
};

describe('an event of version 1.0', () => {
  it('of a REST API is a request', async () => {
    const { request, shape } = arrived(REST);
    expect(request.url).toBe('https://api.example.com/mcp?q=a%26b&q=b%20c');
    expect([request.method, await request.text(), shape]).toEqual(['POST', '{"a":1}', 'multiValueHeaders']);
    expect(request.headers.get('x-two')).toBe('1, 2');
    expect(sourceAddressOf(request)).toBe('127.0.0.1');
  });

  it('of a load balancer is a request', () => {
    const { request, shape } = arrived(BALANCER);
    expect([request.url, request.method, shape]).toEqual(['http://lb.example.com/mcp?q=a%26b', 'GET', 'headers']);
    expect(sourceAddressOf(request)).toBeUndefined();
  });

  it('is answered in its own shape', async () => {
    const fetch = () => {
      const response = new Response('hi', { headers: { 'content-type': 'text/plain' } });
      response.headers.append('set-cookie', 'a=1');
      response.headers.append('set-cookie', 'b=2');
      return response;
    };
    const handler = bufferedEntry({ app: { fetch }, observer });
    const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 3_000 };
    expect(await handler(REST, context)).toEqual({
      statusCode: 200,
      multiValueHeaders: { 'content-type': ['text/plain'], 'set-cookie': ['a=1', 'b=2'] },
      body: 'hi',
      isBase64Encoded: false,
    });
    expect(await handler(BALANCER, context)).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'text/plain', 'set-cookie': 'a=1' },
      body: 'hi',
      isBase64Encoded: false,
    });
  });
});

describe('an event that is no HTTP request', () => {
  it.each([[{ Records: [] }], [undefined], [{ version: '2.0' }], ['text']])('%j is refused', event => {
    expect(() => arrived(event)).toThrow('This function takes HTTP requests');
  });

  it('has a 400 for an answer', async () => {
    const handler = bufferedEntry({ app: { fetch: () => new Response() }, observer });
    const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 3_000 };
    expect(await handler({ Records: [] }, context)).toMatchObject({ statusCode: 400 });
  });
});

describe('a Host or a path that is none', () => {
  it('is refused', () => {
    const event = { ...BALANCER, headers: { host: 'a b' } };
    expect(() => arrived(event)).toThrow('cannot be read as HTTP');
  });
});

describe('a streaming handler', () => {
  it('says what it needs where there is no Lambda', () => {
    expect(() => streamingEntry({ app: { fetch: () => new Response() }, observer })).toThrow(
      'Node runtime of AWS Lambda',
    );
  });
});
