/**
 * Real SDK clients behind one small face, so that a scenario is written once and told to each: version 1, version 2 as it
 * comes (legacy era), and version 2 negotiating the era (modern here).
 *
 * Nothing is changed about how they work, but for their patience when a server is gone.
 */
import {
  Client as V2Client,
  StreamableHTTPClientTransport as V2Transport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

/** What the person and the model behind a client do. */
export interface Side {
  elicit(params: Record<string, unknown>): Elicited | Promise<Elicited>;
  sample?(params: Record<string, unknown>): string;
  readonly roots?: readonly string[];
}

/** Without `elicit` the client says that it cannot ask. */
export type AnySide = Omit<Side, 'elicit'> & Partial<Pick<Side, 'elicit'>>;

export interface Elicited {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: Record<string, string | number | boolean | string[]>;
}

export interface SdkCall {
  readonly content: unknown;
  readonly isError: boolean;
  /** Progress values as they came. */
  readonly progress: readonly number[];
}

export interface SdkClient {
  readonly era: 'legacy' | 'modern';
  /** Levels and data of log messages so far. */
  readonly logged: readonly unknown[];
  listTools(): Promise<readonly { readonly name: string; readonly inputSchema: unknown }[]>;
  call(name: string, args?: Record<string, unknown>): Promise<SdkCall>;
  close(): Promise<void>;
}

const INFO = { name: 'scenario', version: '1.0.0' };
const capabilitiesOf = ({ elicit }: AnySide) => ({
  ...(elicit === undefined ? {} : { elicitation: { form: {}, url: {} } }),
  sampling: {},
  roots: {},
});
const PATIENCE_MS = 100_000;
const RECONNECTION = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 500,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 1_000,
};

const sampled = (text: string) => ({
  role: 'assistant' as const,
  model: 'canned',
  content: { type: 'text' as const, text },
});
const rootsOf = (side: AnySide) => ({ roots: (side.roots ?? []).map(uri => ({ uri, name: uri.slice(-1) })) });

/** Sent with every request. */
type Headers = Readonly<Record<string, string>>;

async function v1(url: string, side: AnySide, headers: Headers = {}): Promise<SdkClient> {
  const client = new V1Client(INFO, { capabilities: capabilitiesOf(side) });
  const logged: unknown[] = [];
  const { elicit } = side;
  if (elicit !== undefined)
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({ ...(await elicit({ ...params })) }));
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sampled(side.sample?.({ ...params }) ?? ''));
  client.setRequestHandler(ListRootsRequestSchema, () => rootsOf(side));
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    logged.push(params.data);
  });
  const transport = new V1Transport(new URL(url), { reconnectionOptions: RECONNECTION, requestInit: { headers } });
  // The transport's types are not exact about optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    era: 'legacy',
    logged,
    listTools: async () => (await client.listTools()).tools,
    async call(name, args = {}) {
      const progress: number[] = [];
      const options = {
        timeout: PATIENCE_MS,
        resetTimeoutOnProgress: true,
        onprogress: (step: { progress: number }) => void progress.push(step.progress),
      };
      const result = await client.callTool({ name, arguments: args }, CallToolResultSchema, options);
      return { content: result.content, isError: result.isError === true, progress };
    },
    async close() {
      await transport.terminateSession();
      await client.close();
    },
  };
}

async function v2(url: string, side: AnySide, mode: VersionNegotiationMode, headers: Headers = {}): Promise<SdkClient> {
  const client = new V2Client(INFO, { capabilities: capabilitiesOf(side), versionNegotiation: { mode } });
  const logged: unknown[] = [];
  const { elicit } = side;
  if (elicit !== undefined)
    client.setRequestHandler('elicitation/create', async ({ params }) => ({ ...(await elicit({ ...params })) }));
  client.setRequestHandler('sampling/createMessage', ({ params }) => sampled(side.sample?.({ ...params }) ?? ''));
  client.setRequestHandler('roots/list', () => rootsOf(side));
  client.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params.data));
  const transport = new V2Transport(new URL(url), { reconnectionOptions: RECONNECTION, requestInit: { headers } });
  await client.connect(transport);
  const era = client.getProtocolEra() === 'modern' ? 'modern' : 'legacy';
  return {
    era,
    logged,
    listTools: async () => (await client.listTools()).tools,
    async call(name, args = {}) {
      const progress: number[] = [];
      const options = {
        timeout: PATIENCE_MS,
        resetTimeoutOnProgress: true,
        // The client of 2026 reports each round it retries as progress of its own, which has no total.
        onprogress: (step: { progress: number; total?: number | undefined }) => {
          if (step.total !== undefined) progress.push(step.progress);
        },
      };
      const result = await client.callTool({ name, arguments: args }, options);
      return { content: result.content, isError: result.isError === true, progress };
    },
    async close() {
      if (era === 'legacy') await transport.terminateSession();
      await client.close();
    },
  };
}

/** The clients of the matrix. Each is connected when its promise resolves. */
export const SDK_CLIENTS = {
  'SDK v1': v1,
  'SDK v2 legacy': (url: string, side: AnySide, headers?: Headers) => v2(url, side, 'legacy', headers),
  'SDK v2 auto': (url: string, side: AnySide, headers?: Headers) => v2(url, side, 'auto', headers),
} satisfies Record<string, (url: string, side: AnySide, headers?: Headers) => Promise<SdkClient>>;

export type SdkClientName = keyof typeof SDK_CLIENTS;
export const SDK_CLIENT_NAMES = Object.keys(SDK_CLIENTS) as SdkClientName[];
