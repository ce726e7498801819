/** Functions that answer a list of prompts rightly in every shape there is, and wrongly in many ways. */
import { setTimeout as pause } from 'node:timers/promises';
import { awsLambda } from '../../../../core/adapters/lambda-entry/runtime.ts';

const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { resultType: 'complete', prompts: [] } });
const headers = { 'Content-Type': 'application/json' };

export const right = async () => ({ statusCode: 200, headers, body: BODY });
export const base64 = async () => {
  const body = Buffer.from(BODY).toString('base64');
  return { statusCode: 200, headers, body, isBase64Encoded: true };
};
export const multiple = async () => {
  const multiValueHeaders = { 'content-type': ['application/json; charset=utf-8'] };
  return { statusCode: 200, multiValueHeaders, body: BODY };
};

export const fails = async () => {
  throw new TypeError('secret');
};
export const hangs = () => pause(60_000);
export const exits = async () => process.exit(7);
export const large = async () => ({ statusCode: 200, headers, body: 'x'.repeat(7_000_000) });
export const bare = async () => ({ hello: 'world' });
export const text = async () => 'hello';
export const html = async () => ({ statusCode: 200, headers: { 'content-type': 'text/html' }, body: '<p>hello</p>' });
export const refuses = async () => ({ statusCode: 403, headers, body: '{"message":"no"}' });

export const cut = awsLambda().streamifyResponse(async (_, raw) => {
  const prelude = { statusCode: 200, headers: { 'content-type': 'text/event-stream' } };
  const stream = awsLambda().HttpResponseStream.from(raw, prelude);
  stream.write(': hello\n\n');
  await pause(50);
  process.exit(1);
});
