/** Real SDK clients that listen for what changes at a server: on the standalone stream in 2025, by `subscriptions/listen` in 2026. */
import { Client as V2Client, StreamableHTTPClientTransport as V2Transport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

export interface Listener {
  readonly capabilities: unknown;
  /** `tools`, `prompts`, `resources`, or the URI of a resource, in the order they came. */
  readonly heard: readonly string[];
  /** Resolves when something has been heard that often. */
  hears(what: string, times?: number): Promise<void>;
  call(tool: string, args?: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

const INFO = { name: 'listener', version: '1.0.0' };

class Ear {
  readonly heard: string[] = [];
  readonly #waiting = new Set<() => void>();

  hear = (what: string): void => {
    this.heard.push(what);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  };

  hears = async (what: string, times = 1): Promise<void> => {
    while (this.heard.filter(heard => heard === what).length < times)
      await new Promise<void>(resolve => this.#waiting.add(resolve));
  };
}

/** A client of SDK v1 whose standalone stream is open, and which has subscribed to resources before that. */
export async function legacyListener(
  url: string,
  uris: readonly string[] = [],
): Promise<Listener & { readonly client: V1Client }> {
  const client = new V1Client(INFO, { capabilities: { elicitation: {} } });
  const ear = new Ear();
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => ear.hear('tools'));
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => ear.hear('prompts'));
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => ear.hear('resources'));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => ear.hear(params.uri));
  let opened = (): void => {};
  const open = new Promise<void>(resolve => {
    opened = resolve;
  });
  const transport = new V1Transport(new URL(url), {
    fetch: async (to, init) => {
      const response = await fetch(to, init);
      if (init?.method === 'GET') opened();
      return response;
    },
  });
  // The transport's types are not exact about optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  await open;
  for (const uri of uris) {
    await client.subscribeResource({ uri });
    // A subscription is new to the stream, which says so.
    await ear.hears(uri);
  }
  ear.heard.length = 0;
  return {
    client,
    capabilities: client.getServerCapabilities(),
    heard: ear.heard,
    hears: ear.hears,
    call: (name, args = {}) => client.callTool({ name, arguments: args }, CallToolResultSchema),
    async close() {
      await transport.terminateSession();
      await client.close();
    },
  };
}

/** A client of SDK v2 that listens in the modern era for all lists, and for some resources. */
export async function modernListener(url: string, uris: readonly string[] = []): Promise<Listener> {
  const capabilities = { elicitation: { form: {} } };
  const client = new V2Client(INFO, { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } });
  const ear = new Ear();
  client.setNotificationHandler('notifications/tools/list_changed', () => ear.hear('tools'));
  client.setNotificationHandler('notifications/prompts/list_changed', () => ear.hear('prompts'));
  client.setNotificationHandler('notifications/resources/list_changed', () => ear.hear('resources'));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => ear.hear(params.uri));
  await client.connect(new V2Transport(new URL(url)));
  const listening = await client.listen({
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
    ...(uris.length === 0 ? {} : { resourceSubscriptions: [...uris] }),
  });
  return {
    capabilities: client.getServerCapabilities(),
    heard: ear.heard,
    hears: ear.hears,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    async close() {
      await listening.close();
      await client.close();
    },
  };
}

export const LISTENERS = { 'of 2025': legacyListener, 'of 2026': modernListener } as const;
