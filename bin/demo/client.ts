/**
 * The demo's MCP client: version 2 of the official SDK, over Streamable HTTP, in the legacy era, where sessions are.
 *
 * Nothing in it is special to Fermata. It is patient (a person may think for a day) and goes on trying to resume a broken
 * stream, which is what the SDK does by itself if it is allowed to.
 */
import type {
  CallToolResult,
  ClientCapabilities,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitRequestFormParams,
  ElicitResult,
  Progress,
  Tool,
} from '@modelcontextprotocol/client';
import { Client, SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Fault } from '../../core/base/errors.ts';

export interface ClientSide {
  /** The server asks the person. */
  elicit(form: ElicitRequestFormParams): Promise<ElicitResult>;
  /** The server asks the language model. */
  sample(request: CreateMessageRequest['params']): Promise<CreateMessageResult>;
  /** The server logs. */
  log(level: string, data: unknown): void;
}

export interface DemoClient {
  readonly session: string;
  readonly revision: string;
  readonly server: string;
  tools(): Promise<readonly Tool[]>;
  call(name: string, onProgress: (progress: Progress) => void): Promise<CallToolResult>;
  close(): Promise<void>;
}

const PATIENCE_MS = 24 * 60 * 60_000;
const RECONNECTION = {
  initialReconnectionDelay: 200,
  maxReconnectionDelay: 1_000,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 10_000,
};
const CAPABILITIES: ClientCapabilities = { elicitation: { form: {} }, sampling: {} };

export async function connectTo(url: string, key: string | undefined, side: ClientSide): Promise<DemoClient> {
  const client = new Client({ name: 'fermata-demo', version: '1.0.0' }, { capabilities: CAPABILITIES });
  client.setRequestHandler('elicitation/create', request => {
    if (request.params.mode === 'url') return { action: 'decline' };
    return side.elicit(request.params);
  });
  client.setRequestHandler('sampling/createMessage', request => side.sample(request.params));
  client.setNotificationHandler('notifications/message', message =>
    side.log(message.params.level, message.params.data),
  );
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    reconnectionOptions: RECONNECTION,
    ...(key === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
  });
  await client.connect(transport).catch(thrown => {
    throw unconnectable(url, thrown);
  });
  if (client.getServerCapabilities()?.logging !== undefined) await client.setLoggingLevel('info');
  return {
    session: transport.sessionId ?? 'none',
    revision: client.getNegotiatedProtocolVersion() ?? 'unknown',
    server: client.getServerVersion()?.name ?? 'unnamed',
    tools: async () => (await client.listTools()).tools,
    call: (name, onprogress) =>
      client.callTool({ name, arguments: {} }, { timeout: PATIENCE_MS, resetTimeoutOnProgress: true, onprogress }),
    async close() {
      await transport.terminateSession();
      await client.close();
    },
  };
}

function unconnectable(url: string, thrown: unknown): Fault {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const isLocked = thrown instanceof SdkHttpError && thrown.status === 401;
  const advice = isLocked ? 'It asks for an API key: give one with --key or FERMATA_API_KEY.' : `It said: ${said}`;
  return new Fault('upstream_unreachable', `No session could be opened at ${url}. ${advice}`, { cause: thrown });
}
