/**
 * The client that the suite's client scenarios test: Fermata with the scenario's server as its upstream, and in front of it a
 * real SDK client of the *other* era, so that every message is translated on its way.
 *
 * The suite starts it with the URL of a scenario's server, and with the scenario's name, revision and wishes in the
 * environment. It does what a person would do with any server: reads the lists, calls what is in them, answers questions.
 * Whether what reached the scenario's server was right is for the suite to judge.
 */
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { isObject } from '../../core/protocol/messages.ts';
import { isModernRevision } from '../../core/protocol/revisions.ts';
import { startProduct } from '../product.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Some scenarios have servers that make a client wait, and take the client's patience for part of the test. */
const PATIENCE_MS = 20_000;

interface Wish {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

/** The calls that a scenario wants to see, if it says so. */
function wishesIn(context: string | undefined): readonly Wish[] {
  const { toolCalls }: { toolCalls?: unknown } = context === undefined ? {} : JSON.parse(context);
  return Array.isArray(toolCalls) ? toolCalls : [];
}

/** What a person enters who leaves every default as it is and agrees to everything else. */
function contentFor(params: Record<string, unknown>): Record<string, string | number | boolean> {
  const { requestedSchema } = params;
  const properties =
    isObject(requestedSchema) && isObject(requestedSchema.properties) ? requestedSchema.properties : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      isObject(field) && field.default !== undefined ? (field.default as string | number | boolean) : true,
    ]),
  );
}

async function connected(url: string, mode: 'legacy' | { readonly pin: string }): Promise<Client> {
  const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };
  const client = new Client({ name: 'conformance', version: '1.0.0' }, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: contentFor({ ...params }),
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

/** Whether the server offers something, asked for in a way that it may refuse. */
const listed = <T>(list: Promise<T>): Promise<T | undefined> => list.catch(() => undefined);

async function useTools(client: Client, wishes: readonly Wish[]): Promise<void> {
  const { tools } = (await listed(client.listTools())) ?? { tools: [] };
  const [first] = tools;
  const sensible = { a: 2, b: 3, region: 'eu', ...(first === undefined ? {} : { schema: first.inputSchema }) };
  const calls = wishes.length > 0 ? wishes : tools.map(({ name }) => ({ name, arguments: sensible }));
  for (const call of calls) {
    const outcome = client
      .callTool(call, { timeout: PATIENCE_MS })
      .catch((error: unknown) => ({ error: String(error) }));
    console.log(call.name, JSON.stringify(await outcome));
  }
}

async function useTheRest(client: Client): Promise<void> {
  for (const { uri } of (await listed(client.listResources()))?.resources ?? [])
    await listed(client.readResource({ uri }));
  for (const { name } of (await listed(client.listPrompts()))?.prompts ?? []) await listed(client.getPrompt({ name }));
}

async function main(url: string): Promise<void> {
  const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION;
  const product = await startProduct({
    node: ['--import', 'tsx', 'bin/fermata.ts'],
    cwd: ROOT,
    serve: ['--upstream', url],
  });
  try {
    const client = await connected(product.url, isModernRevision(revision) ? 'legacy' : { pin: '2026-07-28' });
    await useTools(client, wishesIn(process.env.MCP_CONFORMANCE_CONTEXT));
    await useTheRest(client);
    await client.close();
  } finally {
    await product.stop();
  }
}

await main(process.argv[2] ?? '');
