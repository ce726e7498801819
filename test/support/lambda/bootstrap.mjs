/**
 * The Node runtime of a function, as Lambda's own behaves: loads the handler that `_HANDLER` names, then asks the Runtime API for
 * one event after the other. Plain JavaScript, so that an environment starts as fast as Node does.
 */
import { Agent, request as httpRequest } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const API = '/2018-06-01/runtime';

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = 'response';
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.beforeFirstWrite = write => {
        write(JSON.stringify(prelude));
        write(new Uint8Array(8));
      };
      return stream;
    },
  },
};

function call(method, path, body, headers = {}) {
  return new Promise((done, fail) => {
    const outgoing = httpRequest({ hostname, port, agent, method, path, headers }, response => {
      const chunks = [];
      response
        .on('data', chunk => chunks.push(chunk))
        .on('end', () => done({ headers: response.headers, body: Buffer.concat(chunks).toString() }))
        .on('error', fail);
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

const told = error => ({
  errorType: error?.name ?? 'Error',
  errorMessage: String(error?.message ?? error),
  trace: String(error?.stack ?? '').split('\n'),
});

async function load() {
  const [file, name] = process.env._HANDLER.split('.');
  const module = await import(pathToFileURL(resolve(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`)));
  if (typeof module[name] === 'function') return module[name];
  throw Object.assign(new Error(`${process.env._HANDLER} is undefined or not exported`), {
    name: 'Runtime.HandlerNotFound',
  });
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** The response as a stream of Node's: what is written goes out at once. */
function responseStream(path) {
  let finish;
  const finished = new Promise((done, fail) => {
    finish = { done, fail };
  });
  const headers = {
    'Lambda-Runtime-Function-Response-Mode': 'streaming',
    Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    'Content-Type': 'application/octet-stream',
    'Transfer-Encoding': 'chunked',
  };
  const stream = httpRequest({ hostname, port, agent, method: 'POST', path, headers }, response => {
    response.resume().on('end', finish.done);
  });
  stream.on('error', finish.fail);
  stream.setContentType = type => stream.setHeader('Content-Type', type);
  const write = stream.write.bind(stream);
  let isFirst = true;
  stream.write = (chunk, ...more) => {
    if (isFirst) {
      isFirst = false;
      stream.beforeFirstWrite?.(write);
    }
    return write(typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk), ...more);
  };
  return { stream, finished };
}

async function streamed(handler, event, context, path) {
  const { stream, finished } = responseStream(`${path}/response`);
  finished.catch(() => {});
  try {
    await handler(event, stream, context);
    if (!stream.writableEnded) throw new Error('Response stream is not finished.');
    await finished;
  } catch (error) {
    console.error('Invoke Error', error);
    if (stream.writableEnded) throw error;
    const body = Buffer.from(JSON.stringify(told(error))).toString('base64');
    stream.addTrailers({
      'Lambda-Runtime-Function-Error-Type': told(error).errorType,
      'Lambda-Runtime-Function-Error-Body': body,
    });
    stream.end();
    await finished.catch(() => {});
  }
}

async function buffered(handler, event, context, path) {
  try {
    const result = await handler(event, context);
    await call('POST', `${path}/response`, JSON.stringify(result) ?? 'null', { 'content-type': 'application/json' });
  } catch (error) {
    console.error('Invoke Error', error);
    await call('POST', `${path}/error`, JSON.stringify(told(error)), { 'content-type': 'application/json' });
  }
}

let handler;
try {
  handler = await load();
} catch (error) {
  console.error(error);
  await call('POST', `${API}/init/error`, JSON.stringify(told(error)), { 'content-type': 'application/json' });
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call('GET', `${API}/invocation/next`);
  const path = `${API}/invocation/${headers['lambda-runtime-aws-request-id']}`;
  const serve = handler[STREAMING] ? streamed : buffered;
  await serve(handler, JSON.parse(body), contextOf(headers), path);
}
