/**
 * What the bundler does besides: of the AWS SDK's ways to find credentials a function needs the one that Lambda offers. SST loads
 * this file by its path and takes esbuild plugins from it; the checks and tests bundle with it too.
 */
import { fileURLToPath } from 'node:url';

const OURS = fileURLToPath(new URL('../core/adapters/lambda-entry/environment-credentials.ts', import.meta.url));

export default [
  {
    name: 'environment-credentials',
    setup(build) {
      build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: OURS }));
    },
  },
];
