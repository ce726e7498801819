/** What a server of either era that answers at once says to each method: as a server of 2026-07-28, or as one of 2025-11-25 that opens no sessions. */

type Json = Readonly<Record<string, unknown>>;

const serverInfo = { name: 'bench', version: '1.0.0' };
const capabilities = { tools: {} };
const complete = { resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo } };
const kept = { ...complete, ttlMs: 3_600_000, cacheScope: 'public' };
const tool = {
  name: 'add',
  description: 'Adds two numbers',
  inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] },
};
const content = [{ type: 'text', text: 'total 42' }];

const RESULTS: Readonly<Record<'2025' | '2026', Readonly<Record<string, Json>>>> = {
  '2026': {
    'server/discover': { ...kept, supportedVersions: ['2026-07-28'], capabilities },
    'tools/list': { ...kept, tools: [tool] },
    'tools/call': { ...complete, content },
  },
  '2025': {
    initialize: { protocolVersion: '2025-11-25', capabilities, serverInfo },
    'tools/list': { tools: [tool] },
    'tools/call': { content },
  },
};

export const resultsOf = (era: '2025' | '2026'): Readonly<Record<string, Json>> => RESULTS[era];
