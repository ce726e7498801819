/**
 * `npm run dev:aws`: what is deployed to AWS, on loopback and offline: proxy, driver, a server behind them and the table. Each
 * function runs from its bundle, in processes that are frozen whenever nothing is asked of them.
 *
 * Ctrl-C ends everything and says what would have been billed. Nothing is kept.
 */
import { parseArgs } from 'node:util';
import type { UpstreamName } from '../test/support/lambda/deployment.ts';
import { Deployment } from '../test/support/lambda/deployment.ts';

const UPSTREAMS: Readonly<Record<UpstreamName, string>> = {
  runner: 'an await-style program, the expense tracker (functions/runner.ts)',
  stdio: 'the same as a stdio program (functions/stdio.ts)',
  express: 'an existing Express server, the order desk (functions/express.ts)',
};
const PORT = 8790;
const HELP = `npm run dev:aws -- [--upstream runner|stdio|express] [--port ${PORT}] [--verbose]

Runs on this machine, without an account, what is deployed to AWS: proxy, driver, upstream and table.

${Object.entries(UPSTREAMS)
  .map(([name, is]) => `  --upstream ${name.padEnd(8)} ${is}`)
  .join('\n')}
  --port              where the endpoint listens, on 127.0.0.1
  --verbose           what the functions log
`;

/** Ends with what is wrong and how to ask. */
function misused(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  process.exit(2);
}

function asked() {
  try {
    const { values } = parseArgs({
      options: {
        upstream: { type: 'string', default: 'runner' },
        port: { type: 'string', default: String(PORT) },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
}

const isUpstream = (name: string): name is UpstreamName => Object.hasOwn(UPSTREAMS, name);

async function started(upstream: UpstreamName, port: number, verbose: boolean): Promise<Deployment> {
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

const { upstream, port, verbose, help } = asked();
if (help) {
  console.log(HELP);
  process.exit(0);
}
if (!isUpstream(upstream)) misused(`--upstream ${upstream}: there is no such upstream.`);
if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) misused(`--port ${port} is no port.`);

const deployment = await started(upstream, Number(port), verbose);
const { url, headers, sizes } = deployment;
const bundles = Object.entries(sizes).map(([name, bytes]) => `${name} ${Math.round(bytes / 1_000)} kB`);
console.log(`What is deployed to AWS, on this machine. Behind the proxy: ${UPSTREAMS[upstream]}.

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
