/**
 * Pins the private parts of both SDKs that we rely on, as of the installed releases. When one of these fails after an upgrade, read the
 * comments in `core/adapters/sdk` that name the part, and see what replaced it.
 */
import { createRequire } from 'node:module';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { inputRequired, McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { build, builtServerOf } from '../../../core/adapters/sdk/built-server.ts';
import { noticeInputRequired, RETURNED } from '../../../core/adapters/sdk/input-required.ts';
import { CONFIRM_FORM } from '../../support/servers/texts.ts';

const info = { name: 'pinned', version: '1.0.0' };
/** The same packages as CommonJS: other copies of the same classes, as a program may bring them. */
const required = createRequire(import.meta.url);
const { McpServer: McpServerV1Cjs } = required('@modelcontextprotocol/sdk/server/mcp.js');
const { McpServer: McpServerV2Cjs } = required('@modelcontextprotocol/server');

describe('the SDK generations', () => {
  it.each([
    ['v1', McpServerV1],
    ['v1', McpServerV1Cjs],
    ['v2', McpServerV2],
    ['v2', McpServerV2Cjs],
  ])('%s is recognised, high level and low level, whichever copy', (generation, McpServer) => {
    const mcp = new McpServer(info);
    expect(builtServerOf(mcp)).toMatchObject({ generation, outer: mcp, protocol: mcp.server });
    expect(builtServerOf(mcp.server)).toMatchObject({ generation, outer: mcp.server, protocol: mcp.server });
  });

  it('is not guessed for what only looks like a server', async () => {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    expect(builtServerOf(new Client(info))).toBeUndefined();
    expect(builtServerOf({ connect: () => {}, close: () => {} })).toBeUndefined();
    expect(builtServerOf(new McpServerV1(info).server.transport)).toBeUndefined();
  });
});

describe('the request timers', () => {
  it.each([
    ['v1', McpServerV1],
    ['v2', McpServerV2],
  ])('of SDK %s are in the map `_timeoutInfo`, by request id, before the request is sent', async (_, McpServer) => {
    const { server } = new McpServer(info);
    const kept: unknown[] = [];
    const timers: unknown = Reflect.get(server, '_timeoutInfo');
    if (!(timers instanceof Map)) throw new Error('_timeoutInfo is no Map');
    await server.connect({
      start: async () => {},
      close: async () => {},
      send: async message => {
        if ('id' in message) kept.push(timers.get(message.id)?.timeoutId);
        if ('id' in message) clearTimeout(timers.get(message.id)?.timeoutId);
      },
    });
    void server.ping();
    expect(kept).toEqual([expect.objectContaining({ ref: expect.any(Function) })]);
  });
});

describe('what hangs on a question', () => {
  it.each([
    ['v1', McpServerV1],
    ['v2', McpServerV2],
  ])('of SDK %s is in the map `_responseHandlers`, by request id, before the request is sent', async (_, McpServer) => {
    const { server } = new McpServer(info);
    const kept: unknown[] = [];
    const awaits: unknown = Reflect.get(server, '_responseHandlers');
    if (!(awaits instanceof Map)) throw new Error('_responseHandlers is no Map');
    expect(Reflect.get(server, '_progressHandlers')).toBeInstanceOf(Map);
    expect(Reflect.get(server, '_requestHandlerAbortControllers')).toBeInstanceOf(Map);
    await server.connect({
      start: async () => {},
      close: async () => {},
      send: async message => {
        if ('id' in message) kept.push(awaits.get(message.id));
      },
    });
    void server.ping();
    for (const { timeoutId } of Reflect.get(server, '_timeoutInfo').values()) clearTimeout(timeoutId);
    expect(kept).toEqual([expect.any(Function)]);
  });
});

describe('the shim of SDK v2', () => {
  it('is asked for by `_legacyInputRequiredShim` and entered by `fulfill`, with the returned value as fifth argument', async () => {
    const built = await build(() => new McpServerV2(info), 'pinned', 'legacy');
    const before = built.protocol._legacyInputRequiredShim;
    expect(before).toBeTypeOf('function');
    expect(built.protocol._inputRequiredServing).toMatchObject({ legacyShim: true });
    noticeInputRequired(built, () => false);
    const returned = inputRequired({ inputRequests: { confirm: inputRequired.elicit(CONFIRM_FORM) } });
    const invoke = built.protocol._invokeInputRequiredCapableHandler;
    if (typeof invoke !== 'function') throw new Error('_invokeInputRequiredCapableHandler is gone');
    const ctx = { mcpReq: { requestState: () => undefined } };
    await expect(invoke.call(built.protocol, 'tools/call', async () => returned, {}, ctx)).rejects.toMatchObject({
      data: { [RETURNED]: returned },
    });
  });

  it('is left alone where it is not found', async () => {
    const built = await build(() => new McpServerV2(info), 'pinned', 'legacy');
    built.protocol._inputRequiredServing = undefined;
    const before = built.protocol._legacyInputRequiredShim;
    noticeInputRequired(built, () => false);
    expect(built.protocol._legacyInputRequiredShim).toBe(before);
  });
});
