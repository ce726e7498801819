/**
 * What the bundler does besides, so that functions start sooner: what of the AWS SDK a function never uses is left out. SST loads
 * this file by its path and takes esbuild plugins from it; the checks and tests bundle with it too.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const OURS = fileURLToPath(new URL('../core/adapters/lambda-entry/environment-credentials.ts', import.meta.url));

/** The SDK describes every operation and shape of a service in a list: `export var Shape$ = [ … ];`. */
const SCHEMA = /^(export var [\w$]+ = )(\[[\s\S]*?\]);$/gm;

export default [
  {
    // Of the SDK's ways to find credentials a function needs the one that Lambda offers.
    name: 'environment-credentials',
    setup(build) {
      build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: OURS }));
    },
  },
  {
    // Lists that nothing refers to: esbuild keeps them, as it cannot know that making one does nothing else.
    name: 'unused-operations',
    setup(build) {
      build.onLoad({ filter: /@aws-sdk\/client-[^/]+\/dist-es\/schemas\/\w+\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        return { contents: text.replace(SCHEMA, '$1/* @__PURE__ */ (() => $2)();'), loader: 'js' };
      });
    },
  },
];
