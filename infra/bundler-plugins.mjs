/**
 * What the bundler does besides, so that functions start sooner. SST loads this file by its path and takes esbuild plugins from it;
 * the checks and tests bundle with it too. A function that is bundled without it works the same.
 *
 * SST does not hand these to esbuild but asks them in a process of its own, for every path and whatever their filter says, as long
 * as the filter matches the word "undefined" (4.17). So filters do, and everything here looks at the path itself.
 */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const OURS = fileURLToPath(new URL('../core/adapters/lambda-entry/environment-credentials.ts', import.meta.url));

/** The SDK describes every operation and shape of a service in a list: `export var Shape$ = [ … ];`. */
const SCHEMA = /^(export var [\w$]+ = )(\[[\s\S]*?\]);$/gm;

const HTTP = 'http-without-undici-itself';
const EVENT_STREAMS = 'await import("@smithy/core/event-streams")';

const forSst = pattern => new RegExp(`${pattern.source}|^undefined$`);

/** Puts something else in the place of what is imported by a path. */
const resolving = (name, pattern, instead) => ({
  name,
  setup(build) {
    build.onResolve({ filter: forSst(pattern) }, given => (pattern.test(given.path) ? instead(given) : undefined));
  },
});

/** Rewrites the text of files. */
const rewriting = (name, pattern, rewrite) => ({
  name,
  setup(build) {
    build.onLoad({ filter: forSst(pattern) }, async ({ path }) =>
      pattern.test(path) ? { contents: rewrite(await readFile(path, 'utf8')), loader: 'js' } : undefined,
    );
  },
});

export default [
  // Of the SDK's ways to find credentials a function needs the one that Lambda offers.
  resolving('environment-credentials', /^@aws-sdk\/credential-provider-node$/, () => ({ path: OURS })),

  // Lists that nothing refers to: esbuild keeps them, as it cannot know that making one does nothing else.
  rewriting('unused-operations', /@aws-sdk\/client-[^/]+\/dist-es\/schemas\/\w+\.js$/, text =>
    text.replace(SCHEMA, '$1/* @__PURE__ */ (() => $2)();'),
  ),

  // In one file an import at some later time saves nothing, but keeps esbuild from leaving out what is unused of everything it reaches.
  rewriting('event-streams-at-once', /@smithy\/core\/dist-es\/submodules\/protocols\/HttpProtocol\.js$/, text =>
    text.includes(EVENT_STREAMS)
      ? `import * as eventStreams from "@smithy/core/event-streams";\n${text.replace(EVENT_STREAMS, 'eventStreams')}`
      : text,
  ),

  // An import of `node:http` reads all that it exports, `WebSocket` among them, which loads the whole of Node's own undici: a third
  // of the start of a function. Lambda's own runtime avoids it in the same way. Who makes a `Request` loads it then.
  resolving('http-without-undici', /^node:http$/, ({ kind }) =>
    kind === 'require-call' ? undefined : { path: HTTP, namespace: HTTP },
  ),
  {
    name: HTTP,
    setup(build) {
      const contents = "module.exports = process.getBuiltinModule('node:http');";
      build.onLoad({ filter: forSst(/./), namespace: HTTP }, ({ namespace }) =>
        namespace === HTTP ? { contents, loader: 'js' } : undefined,
      );
    },
  },
];
