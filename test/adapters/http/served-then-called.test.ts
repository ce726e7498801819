/** Served over HTTP, then called over HTTP, a server says what it says directly: the face and the adapter together change nothing. */
import { httpServer } from '../../../core/adapters/http/server.ts';
import { anonymous } from '../../../core/http/authenticator.ts';
import { statelessApp } from '../../../core/http/stateless-app.ts';
import { statelessServerContract } from '../../contracts/stateless-server.contract.ts';
import { served } from '../../support/served.ts';

statelessServerContract('the original itself', async original => ({
  server: original,
  [Symbol.asyncDispose]: async () => undefined,
}));

statelessServerContract('a server behind HTTP', async original => {
  const app = await served(statelessApp({ upstream: original, authenticate: anonymous(), observer: () => undefined }));
  return {
    server: httpServer({ url: app.url, observer: () => undefined }),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
});
