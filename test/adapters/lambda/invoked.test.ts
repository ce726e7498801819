/** Served by a function and then called by invoking it, a server says what it says directly, streamed and buffered. */
import { afterAll, beforeAll } from 'vitest';
import { lambdaServer } from '../../../core/adapters/lambda/server.ts';
import { anonymous } from '../../../core/http/authenticator.ts';
import { statelessApp } from '../../../core/http/stateless-app.ts';
import { statelessServerContract } from '../../contracts/stateless-server.contract.ts';
import { type Bundled, bundle } from '../../support/lambda/bundle.ts';
import { LocalLambda } from '../../support/lambda/local-lambda.ts';
import { served } from '../../support/served.ts';

const observer = () => undefined;

let bundled: Bundled;
let lambda: LocalLambda;
beforeAll(async () => {
  bundled = await bundle({ relay: 'test/support/lambda/handlers/relay.ts' });
  lambda = await LocalLambda.start();
  const common = { taskRoot: bundled.folder, timeoutMs: 60_000 };
  await lambda.create('streaming', { ...common, handler: 'relay.streaming' });
  await lambda.create('buffered', { ...common, handler: 'relay.buffered' });
});
afterAll(async () => {
  await lambda[Symbol.asyncDispose]();
  bundled[Symbol.dispose]();
});

for (const [functionName, mode] of [
  ['streaming', 'auto'],
  ['buffered', 'stream'],
  ['buffered', 'buffered'],
] as const) {
  statelessServerContract(
    `a server on a ${functionName} function, invoked as ${mode}`,
    async original => {
      const app = await served(statelessApp({ upstream: original, authenticate: anonymous(), observer }));
      const server = lambdaServer({
        functionName,
        mode,
        headers: { 'X-Relay-To': app.url },
        config: {
          endpoint: lambda.endpoint,
          region: 'us-east-1',
          credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        },
        observer,
      });
      return { server, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
    },
    { cancelling: false },
  );
}
