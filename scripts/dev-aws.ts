/**
 * `npm run dev:aws`: what is deployed to AWS, on loopback and offline: proxy, driver, a server behind them and the table. Each
 * function runs from its bundle, in processes that are frozen whenever nothing is asked of them.
 *
 * Ctrl-C ends everything and says what would have been billed. Nothing is kept.
 */
import { parseArgs } from 'node:util';
import { Deployment } from '../test/support/lambda/deployment.ts';
import type { Behind } from './dev-aws/upstream.ts';
import { behind, EXAMPLES } from './dev-aws/upstream.ts';

const PORT = 8790;
const HELP = `npm run dev:aws -- [--upstream <server>] [--port ${PORT}] [--verbose] [-- <command>]

Runs on this machine, without an account, what is deployed to AWS: proxy, driver, upstream and table.

  --upstream          the server behind the proxy, as the setting "upstream" names it:
${Object.entries(EXAMPLES)
  .map(([name, is]) => `    ${name.padEnd(17)} ${is}${name === 'runner' ? '; the default' : ''}`)
  .join('\n')}
    ./server.ts       a file of yours: it default-exports a factory of an MCP server, or exports a Lambda handler
    http://…          an MCP endpoint that is served elsewhere
  -- <command>        a stdio program of yours, such as: -- node dist/server.mjs
  --port              where the endpoint listens, on 127.0.0.1
  --verbose           what the functions log
  --help
`;

/** Ends with what is wrong and how to ask. */
function misused(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  process.exit(2);
}

function asked() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        upstream: { type: 'string' },
        port: { type: 'string', default: String(PORT) },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
    return { ...values, command: positionals };
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
}

function wanted(upstream: string | undefined, command: readonly string[]): Behind {
  try {
    return behind(upstream, command);
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
}

async function started(upstream: Behind['upstream'], port: number, verbose: boolean): Promise<Deployment> {
  const onOutput = (name: string, text: string): void => {
    for (const line of text.trimEnd().split('\n')) console.error(`${name.padEnd(8)} ${line}`);
  };
  try {
    return await Deployment.start({ upstream, port, timeoutMs: 900_000, ...(verbose && { onOutput }) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      console.error(`Port ${port} is taken. Choose another, for example: npm run dev:aws -- --port ${port + 1}`);
    } else {
      console.error(error instanceof Error ? error.message : error);
    }
    process.exit(1);
  }
}

const { upstream, command, port, verbose, help } = asked();
if (help) {
  console.log(HELP);
  process.exit(0);
}
if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) misused(`--port ${port} is no port.`);

const server = wanted(upstream, command);
const deployment = await started(server.upstream, Number(port), verbose);
const { url, headers, sizes } = deployment;
const bundles = Object.entries(sizes).map(([name, bytes]) => `${name} ${Math.round(bytes / 1_000)} kB`);
console.log(`What is deployed to AWS, on this machine. Behind the proxy: ${server.is}.

  endpoint  ${url}
  header    Authorization: ${headers.authorization}
  bundles   ${bundles.join(', ')}

Try it: claude mcp add --transport http fermata-aws ${url} --header "Authorization: ${headers.authorization}"
Functions are frozen while nothing is asked of them; nothing is kept. Ctrl-C ends everything.`);

process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  const { billed } = deployment.lambda;
  const ms = Math.round(billed.reduce((sum, { billedMs, initMs }) => sum + billedMs + initMs, 0));
  console.log(`\n${billed.length} invocations, ${ms} ms that would have been billed.`);
  await deployment[Symbol.asyncDispose]();
  process.exit(0);
}
