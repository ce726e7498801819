/**
 * What both eras, and the bridge between them, require of the product, as data: one row per testable statement.
 *
 * A test cites a row by its id in its name, such as `[R22]`; `coverage.test.ts` beside this file closes the loop. `level` says who
 * demands it: the specification (`must`, `should`) or the product's own promise (`product`). `source` is the revision whose text
 * says so, or the bridge, where no specification speaks. P is the product.
 */
export interface Requirement {
  readonly id: string;
  readonly level: 'must' | 'should' | 'product';
  readonly source: '2025-11-25' | '2026-07-28' | 'bridge';
  readonly sentence: string;
  /** Why no test of `npm test` can check it, and what does instead. */
  readonly instead?: string;
}

const rows = (
  source: Requirement['source'],
  first: number,
  sentences: readonly (readonly [level: Requirement['level'], sentence: string])[],
): Requirement[] => sentences.map(([level, sentence], at) => ({ id: `R${first + at}`, level, source, sentence }));

const LEGACY = rows('2025-11-25', 1, [
  ['must', 'initialize with a supported version echoes it.'],
  ['must', 'unsupported version → result with another supported version, HTTP 200, not an error.'],
  ['must', 'session id characters all in 0x21–0x7E; P ≥128 bit entropy, different per initialize.'],
  ['product', 'initialize with a stale/unknown session header still succeeds with a new id.'],
  ['must', '`notifications/initialized` → 202, empty body.'],
  ['should', 'non-initialize request without session id → 400.'],
  ['must', 'unknown/expired/deleted id → 404 on POST, GET and DELETE.'],
  ['product', "another user's session id → 404 (indistinguishable), nothing executed."],
  ['product', 'DELETE → 2xx, then 404.'],
  ['must', 'unknown `MCP-Protocol-Version` → 400.'],
  ['should', 'absent header with session → negotiated version used.'],
  ['product', 'supported-but-different header value → served.'],
  ['must', 'invalid Origin → 403, all methods.'],
  ['must', 'posted response/notification accepted → 202 no body.'],
  [
    'product',
    'posted response with unknown request id → accepted-and-ignored or 400, never 500, never affects another session.',
  ],
  ['must', 'request → JSON or SSE content type only.'],
  ['should', '`ping` answers `{}` without upstream traffic.'],
  ['product', '-32601 for unknown method arrives as HTTP 200, never 404.'],
  ['should', "elicitation from a `tools/call` appears on that POST's stream, never on GET."],
  ['must', 'mode not declared is never sent.'],
  ['must', 'url elicitation has elicitationId.'],
  ['product', 'answer posted to a different instance completes the call.'],
  ['product', 'two parallel calls in one session: answers reach the right call.'],
  ['product', 'duplicate answer (same id twice) → applied once.'],
  ['product', 'decline and cancel reach the upstream unchanged.'],
  ['product', 'client error to elicitation → call ends with defined outcome, no hang.'],
  ['product', 'sampling error -1 → `isError` tool result.'],
  ['must', 'server→client request ids unique in the session across instances.'],
  ['must', 'progress only for the given token, strictly increasing, across MRTR rounds too.'],
  ['must', 'no progress after the response.'],
  ['should', '`notifications/cancelled` on another instance stops the upstream call; no response afterwards.'],
  ['should', 'unknown cancel ignored (202).'],
  ['product', 'cancelling a call waiting for input removes the pending record and cancels the input request.'],
  ['should', 'priming event first with id and empty data for 2025-11-25, none for older versions.'],
  ['must', 'event ids unique over the session; S they encode the stream.'],
  ['must', 'GET with Last-Event-ID replays only that stream, only later events, in order, exactly once.'],
  ['product', 'connection dropped mid-call: result retrievable by resume within the retention time.'],
  ['should', '`retry` sent before a server-side close; upstream call not cancelled.'],
  ['must', 'GET without resume: 405 or event stream; no responses on it.'],
  ['must', 'each message on one stream only (two GET streams + POST).'],
  ['product', 'Last-Event-ID of another session/user → 404/400, no data.'],
  ['should', 'after `logging/setLevel` only levels ≥ level appear; invalid level -32602.'],
  ['should', 'subscribe/unsubscribe answer `{}`; updates only for subscribed URIs.'],
  ['product', 'capabilities not deliverable are not advertised.'],
  ['must', '2025-03-26 batch accepted; initialize in batch rejected; arrays rejected for 2025-06-18+.'],
  ['product', 'results carry no `resultType`/`ttlMs`/`cacheScope`.'],
  ['product', '2025-06-18 client never receives `oneOf`/array enums or url mode.'],
  ['product', 'non-object structuredContent never reaches a legacy client unwrapped.'],
  [
    'must',
    'legacy tasks, if advertised: create → get → result equality; terminal cancel -32602; related-task `_meta`.',
  ],
  ['product', '-32042 path: repeated call after consent resumes with stored requestState and completes.'],
  ['product', '`Accept` lacking SSE on GET → 406 (P).'],
  ['product', 'session TTL expiry → 404, pending inputs gone.'],
  ['product', 'HTTP+SSE endpoint (if shipped): first event `endpoint`, then `message` events.'],
]);

const MODERN = rows('2026-07-28', 54, [
  ['must', 'no `_meta` / no protocolVersion / no clientCapabilities → -32602 + 400 with request id echoed.'],
  ['must', 'missing clientInfo served.'],
  ['must', 'header≠meta → -32020/400; both unknown → -32022/400 with `supported`, `requested`.'],
  [
    'must',
    'missing Mcp-Method / Mcp-Name → -32020/400; case-mismatched method value rejected; header-name case and OWS tolerated.',
  ],
  ['must', 'base64 sentinel Mcp-Name decoded; bad base64 rejected.'],
  ['must', 'Mcp-Param mismatch, missing, invalid chars → -32020/400; null/absent argument needs no header.'],
  [
    'must',
    'initialize, ping, logging/setLevel, resources/subscribe, unknown → 404/-32601 when sent with modern `_meta`.',
  ],
  ['must', 'discover works, lists versions, ttlMs ≥ 0, cacheScope.'],
  ['should', 'serverInfo in result `_meta`.'],
  ['must', 'every result has resultType.'],
  ['must', 'caching hints on the six methods, same scope on all pages.'],
  ['must', "`private` data of user A never served to B from P's cache; results of retries never cached."],
  ['must', 'legacy awaiting tool yields `input_required` with ≥1 of inputRequests/requestState.'],
  ['must', 'input_required only on the three methods.'],
  ['must', 'undeclared capability never requested; needed → -32021/400 with object data.'],
  ['must', 'embedded requests have no jsonrpc/id/elicitationId/task.'],
  ['product', 'round trip on another instance completes.'],
  ['must', 'tampered, truncated, expired state → JSON-RPC error.'],
  ['should', 'state of user A presented by B → error.'],
  ['should', 'state replayed on other tool or other arguments → error.'],
  ['product', 'state reused after completion → no second side effect.'],
  ['should', 'missing key → new InputRequiredResult; extra keys ignored; malformed structure → error.'],
  ['product', 'three sequential awaits = three rounds, changing state, final result correct.'],
  ['product', 'two parallel awaits = one map with two keys.'],
  ['must', 'no JSON-RPC request ever on a modern stream.'],
  ['must', 'no `notifications/message` without logLevel; with it only ≥ level and only on that stream.'],
  ['must', 'progress on own stream, increasing, stops.'],
  ['must', 'closing the stream cancels upstream (observable at fixture).'],
  ['must', 'no event ids; Last-Event-ID and Mcp-Session-Id ignored, none minted.'],
  ['should', 'GET/DELETE with no legacy session → 405 (or legacy handling on dual-era).'],
  ['product', 'posted JSON-RPC response in modern form → 4xx.'],
  [
    'must',
    'listen: ack first, exact subscriptionId (number stays number), filter respected, unsupported types omitted.',
  ],
  ['should', 'graceful end: result with subscriptionId before close; no `notifications/cancelled`.'],
  ['product', 'change triggered on another instance reaches the open listen.'],
  ['must', 'never -32002, -32042 or undefined -320xx codes.'],
  ['should', 'resource not found: -32602, `data.uri`, no empty contents.'],
  [
    'must',
    'tasks: none to non-declaring clients; durable before answer; flat shape; get/update/cancel; -32021 for non-declaring; list/result → 404/-32601.',
  ],
  ['must', 'Origin → 403.'],
  ['product', 'infrastructure errors (upstream down, throttled) carry a JSON-RPC body.'],
]);

const BRIDGE = rows('bridge', 93, [
  ['product', 'one URL passes both frozen requirement sets.'],
  ['product', 'same tool, same answers → same final content in all four client/server combinations.'],
  [
    'must',
    'upstream modern requests carry all headers/_meta; requestState echoed byte-exact, new id; none sent if none given; no leakage into parallel calls.',
  ],
  ['must', 'upstream absent resultType treated as complete; unknown resultType → error to client.'],
  ['product', 'unknown `_meta`, capability and extension keys survive both directions; traceparent forwarded.'],
  ['must', 'upstream legacy 404 → one re-initialize, no duplicate execution.'],
  ['must', 'upstream `retry` respected; Last-Event-ID sent.'],
  ['product', 'replay mode: journal mismatch → error; non-replayable tool refused before first execution.'],
  ['product', 'era verdict cached, 401/403/5xx/timeouts not taken as era evidence.'],
  ['must', "client token never forwarded to a different audience; 401/403 challenge points to P's resource metadata."],
  ['must', 'session id alone never authenticates; every request re-authorized.'],
  ['product', 'concurrent retry of the same round from two instances → exactly one executes.'],
  ['product', 'round cap and deadline enforced with a defined outcome.'],
  ['product', 'all stored records have TTL; abandoned input does not leak.'],
]);

/** What the first 106 left out. */
const MORE = [
  ...rows('2025-11-25', 107, [
    [
      'must',
      'tasks are bound to the authorization context: tasks/list, get, result and cancel show and touch nobody else’s.',
    ],
    ['should', 'without authentication `tasks.list` is not declared, and tasks/list is -32601.'],
    ['must', 'progress of a task goes on under the token of its call, and stops when the task has ended.'],
  ]),
  ...rows('bridge', 110, [
    [
      'product',
      'a tool of a legacy server that is a task only can be called by every client, and asks it; as a task by those who want one.',
    ],
    ['product', 'death of the process while such a task works or waits loses no call, and makes no second task.'],
  ]),
];

/** By id. */
const INSTEAD: Readonly<Record<string, string>> = {
  R93: 'The official suite is no part of `npm test`: `npm run conformance` passes both sets against one URL, and CI runs it.',
};

export const REQUIREMENTS: readonly Requirement[] = [...LEGACY, ...MODERN, ...BRIDGE, ...MORE].map(row => {
  const instead = INSTEAD[row.id];
  return instead === undefined ? row : { ...row, instead };
});
