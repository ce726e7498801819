/**
 * FastMCP with `stateless_http=True` behind `--upstream`, as it was recorded from 4.0.10 speaking 2025-11-25: what real clients of
 * either era get of it. The recorded server knows 2026-07-28 too; what it says of `server/discover` was asked in the
 * revision of 2025, where it knows no such method, so that what is replayed is a server of 2025 only.
 */
import { describe, expect, it } from 'vitest';
import { SDK_CLIENT_NAMES, SDK_CLIENTS } from '../support/clients/sdk.ts';
import { deployed } from '../support/deployment.ts';
import { recorded } from '../support/upstreams/recorded.ts';

const NO_WAY_BACK =
  "Error calling tool 'ask': Cannot send 'elicitation/create': this transport context has no back-channel for server-initiated requests.";
const text = (said: string) => [{ type: 'text', text: said }];

describe.each(SDK_CLIENT_NAMES)('of FastMCP as it was recorded, the client %s', name => {
  it('gets the tools, answers, and errors of tools, and none of its questions', async () => {
    await using there = await recorded('fastmcp-stateless');
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await SDK_CLIENTS[name](fermata.url, { elicit: () => ({ action: 'cancel' }) });
    expect((await client.listTools()).map(tool => tool.name)).toEqual(['add', 'fail', 'ask']);
    expect(await client.call('add', { a: 2, b: 3 })).toMatchObject({ content: text('5'), isError: false });
    expect(await client.call('fail')).toMatchObject({ content: text('The shelf is empty.'), isError: true });
    expect(await client.call('ask')).toMatchObject({ content: text(NO_WAY_BACK), isError: true });
    expect(await client.call('absent')).toMatchObject({ content: text("Unknown tool: 'absent'"), isError: true });
    await client.close();
    expect(there.came).toContain('initialize');
    expect(there.came.filter(method => method === 'tools/call')).toHaveLength(4);
  });
});
