/**
 * Every bound of the system, in one place, each with its unit in its name.
 *
 * A bound that protects memory or time is a constant here; what an operator may tune is a setting whose default and range
 * stand here. `docs/limits.md` explains each; the tidy test keeps the two together.
 */
export const LIMITS = {
  /** A POST body. The SDKs use 4 MiB as well. */
  bodyBytesMax: 4 * 1024 * 1024,
  /** Objects and arrays within each other in a POST body: deeper ones would exhaust the stack of whoever walks them. */
  bodyDepthMax: 200,
  /** How long a client may take to send one request, and how long an idle connection is kept for its next one. */
  requestArrivalMsMax: 60_000,
  idleConnectionMs: 65_000,
  /** A JSON-RPC request id given as a string, or a `Mcp-Session-Id`, or a `Last-Event-ID`. */
  idCharactersMax: 256,
  /** Messages in one batch (revision 2025-03-26 only). */
  batchMessagesMax: 50,
  /** A response that comes within this time, before any notification, is answered as plain JSON and writes nothing. */
  promoteAfterMs: 250,
  /** Comment lines keep an idle SSE connection open through proxies that cut silent ones. */
  keepAliveMs: 15_000,
  /** `retry:` of a connection that the server ends before the response. */
  retryMs: 1_000,
  /** It grows with the time a question has been open, to its longest after so much of it. */
  retryMsMax: 7_000,
  retryGrowthMs: 84_000,
  /** How long a connection is held for a call that goes on, where an operator bounds it. */
  holdMsMin: 1_000,
  holdMsMax: 15 * 60_000,
  /** How long a ready exchange is left to the driver elsewhere that it was handed to, before it is handed over again. */
  handAgainMs: 5_000,
  /** How long a holder of an exchange may be silent before another may claim it. */
  leaseMs: 30_000,
  /** Longest time one round of an upstream may take. */
  roundMsMax: 15 * 60_000,
  /** Rounds of one exchange: a program that asks for ever is stopped here. */
  roundsMax: 100,
  /** Rounds that carry no question, only state: paced by `pollMs…`, and bounded. */
  stateOnlyRoundsMax: 240,
  stateOnlyPauseMsMin: 250,
  stateOnlyPauseMsMax: 5_000,
  /** Sessions whose phase a process watches, and how often it looks which have ended or fallen asleep. */
  watchedSessionsMax: 10_000,
  /** Sessions that the embedded store need not read again. */
  knownSessionsMax: 10_000,
  sweepEveryMs: 15_000,
  /** What a session may have at a time, and a principal, unless an operator says otherwise, who may say up to so much. */
  sessionCallsMaxDefault: 1_000,
  sessionQuestionsMaxDefault: 1_000,
  sessionEventBytesMaxDefault: 64 * 1024 * 1024,
  principalSessionsMaxDefault: 10_000,
  principalCallsMaxDefault: 100_000,
  principalQuestionsMaxDefault: 100_000,
  principalEventBytesMaxDefault: 4 * 1024 * 1024 * 1024,
  sessionLimitMax: 1_000_000,
  sessionEventBytesMin: 64 * 1024,
  sessionEventBytesMax: 16 * 1024 * 1024 * 1024,
  /** Of a limit, how much a process grants without looking what there is in the store: a sixteenth. */
  grantedUnseenShare: 16,
  /** How many times as long as it took such a look is believed. */
  lookBelievedFactor: 10,
  /** Sessions of one page of a list for administrators. */
  sessionsPerPageMax: 100,
  /** Resource subscriptions of one session. */
  subscriptionsPerSessionMax: 256,
  /** How often the id of a settled request may be used again in a session. The specification says: never. */
  idGenerationsMax: 1_000,
  /** How long a list of tools is believed about what clients must mirror in headers, and for how many principals. */
  toolListKeepMs: 10 * 60_000,
  toolListsMax: 1_000,
  /** Pages of a list the proxy reads to find one tool. */
  listPagesMax: 100,
  /**
   * What is kept in memory between the rounds of a call, and between the calls of a session: runs that wait, programs in this
   * process, child processes. All of it may go at any time.
   */
  parkedRunsMax: 1_000,
  /** What is known of the size of parked runs: their requests and their journals. */
  parkedBytesMax: 64 * 1024 * 1024,
  warmProgramsMax: 1_000,
  warmChildrenMax: 32,
  /** Runs that were let go within a kept child process, which holds them until it ends; with more, its session gets a fresh one. */
  abandonedRunsMax: 32,
  /** How often the aged ones are looked for. */
  warmSweepMs: 30_000,
  /** How often a call is turned away by environments that do not have the memory it requires; the first pause before it is made again, of which each is three times as long. */
  memoryTurnsMax: 3,
  memoryTurnPauseMs: 200,
  /** How long such an environment takes no other call, so that the call comes to another one; and how often it looks whether that one is at work. */
  memoryLingerMs: 3_000,
  memoryLookMs: 250,
  /** Messages of a program that a parked run keeps for when it goes on. */
  parkedMessagesMax: 32,
  /** Questions of one round. */
  questionsPerRoundMax: 32,
  /** A JSON answer of an upstream. */
  upstreamBodyBytesMax: 64 * 1024 * 1024,
  /** Results of upstreams that are kept because their server allows it: how many, how long they may be together, and how long each is kept. */
  keptResultsMax: 1_000,
  keptResultsCharactersMax: 16 * 1024 * 1024,
  keptResultMsMax: 24 * 60 * 60_000,
  /** Messages on the stream of one request to an upstream. */
  upstreamMessagesPerRoundMax: 100_000,
  /** How long a connection to an upstream is kept for its next request: less than the 5 s after which many servers end it. */
  upstreamIdleMs: 4_000,
  /** How long an upstream's connection may go on after the response before it is cut instead of used again. */
  upstreamTailMs: 1_000,
  /** How long running rounds and open responses may go on when the process is asked to end. */
  drainMs: 5_000,
  /** How long an upstream may take to say who it is, and which tools it has: a function may have to start for it. */
  upstreamProbeMs: 30_000,
  /** How long an upstream's era is believed before it is asked again. */
  upstreamEraKeepMs: 10 * 60_000,
  /** Sessions kept at an upstream of 2025, and how long one that is not used is kept. */
  upstreamSessionsMax: 1_000,
  upstreamSessionIdleMs: 30 * 60_000,
  /** How long the end of the sessions at an upstream may take when Fermata is shut down. */
  upstreamPartingMs: 1_000,
  /** How long a call waits for the standalone stream of its upstream session to open. */
  upstreamStandMs: 500,
  /** Attempts to open it while the server still has the last one, and the pause between them. */
  upstreamStandAttemptsMax: 20,
  upstreamStandPauseMs: 25,
  /** How long a standalone stream on which a foreign call's question came is left to the process that waits for it. */
  upstreamStandYieldMs: 2_000,
  /** How long after a question another one is taken for one of the same round. */
  upstreamSettleMs: 25,
  /** Longest pause an upstream may ask for before its stream is resumed, and how often in a row a resumption may bring nothing. */
  upstreamRetryMsMax: 30_000,
  upstreamResumesMax: 100,
  /** How often one call is brought to a server of 2025 that refuses it for want of a handshake, each time after a new one. */
  upstreamHandshakesMax: 3,
  /** Between two tries to resume a stream whose former connection its server still believes in. */
  upstreamResumePauseMs: 100,
  /** Calls whose connection is held because the upstream gives no event ids, and for how long. */
  upstreamHeldMax: 1_000,
  upstreamHeldMsMax: 60 * 60_000,
  /** Redirects followed on the way to an upstream; only within its origin. */
  upstreamRedirectsMax: 3,
  /** One event of an upstream's stream. */
  sseEventCharactersMax: 16 * 1024 * 1024,
  /** How long a task and its result are kept: unless the client of 2025-11-25 says otherwise, and at most. */
  taskTtlMsDefault: 2 * 24 * 60 * 60_000,
  taskTtlMsMax: 14 * 24 * 60 * 60_000,
  /** How often a client should look after a task. */
  taskPollMs: 1_000,
  /** How long one round looks after a task that the upstream has made, before that is noted and the next one begins. */
  upstreamTaskRoundMs: 5 * 60_000,
  /** How often in a row a server of 2025 may fail to tell the result of its task before the call is lost. */
  upstreamTaskFailuresMax: 20,
  /** Unfinished tasks of one principal, of both eras and over all its sessions. */
  tasksPerPrincipalMax: 500,
  /** Tasks that one `subscriptions/listen` may name. */
  tasksPerListenMax: 100,
  /** Tasks of one page of `tasks/list`. */
  tasksPerPageMax: 50,
  /** Sessions of one principal whose tasks are listed in its others. */
  taskSessionsMax: 50,
  /** How long an exchange is kept after it settled, and a waiting one without an answer. */
  settledKeepMs: 60 * 60_000,
  waitingKeepMsMax: 14 * 24 * 60 * 60_000,
  /** Calls whose journal is kept so that the same call made again continues, per session. */
  keptCallsPerSessionMax: 16,
  /** Rows the memory store holds before it refuses new ones; it never drops what has not expired. */
  memoryRowsMax: 1_000_000,
  /** How often an embedded store looks for expired rows, and how many of a kind it deletes in one go. */
  pruneEveryMs: 60_000,
  pruneRowsMax: 500,
  /** Pause between two such goes while there is more to delete, so that they do not hold up anybody. */
  prunePauseMs: 100,
  /** The body that an item of DynamoDB holds, packed (it takes 400 KB, names and keys included); a longer one is kept in parts. */
  itemBodyBytesMax: 350 * 1024,
  /** One record of any kind in DynamoDB, before it is packed. */
  recordBytesMax: 128 * 1024 * 1024,
  /** How long an attempt to connect to DynamoDB, or one request, may take before it is repeated. */
  storeConnectMsMax: 1_000,
  storeRequestMsMax: 5_000,
  /** How long one request to S3 may take before it is repeated: a pack is larger than an item. */
  objectRequestMsMax: 30_000,
  /** How long `createTable` waits for a new table. */
  tableCreationMsMax: 60_000,
  /** Pause between two looks at a stream that another process may be writing: doubled with each that finds nothing. */
  tailPollMsMin: 50,
  tailPollMsMax: 1_000,
  /** Streams whose ends a process remembers, and how long it believes what it remembers. */
  knownStreamsMax: 4_096,
  knownStreamMsMax: 10 * 60_000,
  /** Events read from the log in one go. */
  eventsPerReadMax: 256,
  /** Tries of a write that lost a race before we call it a store fault. */
  commitAttemptsMax: 16,
  /** Notifications that wait for the log before progress is coalesced: the newest of a run of progress stands for it. */
  appendBacklogMax: 16,
  /** Pauses between tries of a write that must not be lost while the store is out of reach: 12.7 s in all, within a lease. */
  storePauseMsMin: 100,
  storePauseMsMax: 6_400,
  /** How often an open connection looks at its exchange when the log is silent. */
  lookAgainMs: 1_000,
  /** Clients of 2024-11-05: what was sent and is kept for one that comes back, what waits for one that is slow, and the patience. */
  lineEventsMax: 256,
  lineBacklogMax: 64,
  lineReturnMs: 30_000,
  linesMax: 4_096,
  /** The positions of running calls in one event id of such a client; the newest come first. */
  linePositionsCharactersMax: 2_048,
  /** How often a standalone stream looks at its session, which another process may have changed or ended. */
  sessionLookMs: 2_000,
  /** How often a process in which somebody listens looks for changes that programs elsewhere reported. */
  feedLookMs: 2_000,
  /** How long what they reported is kept, and how long the record of it may be: the oldest goes first. */
  feedKeepMs: 60 * 60_000,
  changeRecordCharactersMax: 2_048,
  /** Pause before a standalone stream listens again to an upstream that ended it: doubled with each that brings nothing. */
  relistenMsMin: 250,
  relistenMsMax: 30_000,
  /** Synthetic progress while a client waits with a progress token. */
  syntheticProgressMs: 5_000,
  /** `requestState`, sealed and encoded. It travels through clients and lives in the exchange's item. */
  requestStateBytesMax: 256 * 1024,
  /** The text inside a seal: what is longer is not sealed, and nothing that unpacks to more is opened. */
  sealedTextBytesMax: 16 * 1024 * 1024,
  /** Texts shorter than this are sealed as they are: packing them would gain nothing. */
  packBytesMin: 512,
  /** The same where all of it stays on one machine: packing takes longer there than what it saves. */
  localPackBytesMin: 32 * 1024,
  /** How long a sealed `requestState` is honoured. */
  requestStateMsMax: 14 * 24 * 60 * 60_000,
  /** How often a question is asked again because its answer did not fit its schema. */
  answerAttemptsMax: 3,
  /** What a gate shows of a call: values, characters of each, and characters of a reason that a person gives. */
  shownArgumentsMax: 40,
  shownValueCharactersMax: 200,
  reasonCharactersMax: 500,
  /** A link to an approval; a form of its page; how long that remembers who signed in. */
  approvalLinkCharactersMax: 1_024,
  approvalFormBytesMax: 16 * 1024,
  approverSignInMs: 15 * 60_000,
  /** Tries to sign in at that page within a while: with one link from one address, and in one process; and how many it remembers. */
  signInTriesMax: 10,
  signInTriesOfAllMax: 200,
  signInTriesMs: 60_000,
  signInTriersMax: 1_000,
  /** How long a modern client is held whose call is decided elsewhere: less than the 60 s after which SDK clients give up. */
  approvalHoldMs: 40_000,
  /** How long a decision waits for its call to be stored as waiting. */
  approvalCatchMs: 5_000,
  /** How long it is kept what gates decided, unless configured, and at most; entries of one page, and pages read to find some. */
  auditKeepMsDefault: 30 * 24 * 60 * 60_000,
  auditKeepMsMax: 400 * 24 * 60 * 60_000,
  auditEntriesPerPageMax: 200,
  auditPagesMax: 50,
  /** A webhook: tries, the pause before the second (it doubles each time), one try, and the tellings under way. */
  webhookAttemptsMax: 6,
  webhookPauseMs: 500,
  webhookRequestMsMax: 5_000,
  webhooksOpenMax: 100,
  /** The shortest pause between two reports of keep-alive progress. */
  keepAliveMsMin: 1_000,
  /** Questions of one call, over all its rounds. */
  journalEntriesMax: 1_024,
  /** Steps, times, reads and writes of session state in one call, over all its rounds. */
  journalFactsMax: 1_024,
  /** The result of one step as JSON, and the name of a step. */
  stepBytesMax: 64 * 1024,
  stepNameCharactersMax: 256,
  /** What a session keeps for its programs: keys, the characters of one, one value as JSON, and all of it. */
  stateKeysMax: 256,
  stateKeyCharactersMax: 256,
  stateValueBytesMax: 64 * 1024,
  stateBytesMax: 256 * 1024,
  /** Writes that a session's state remembers, to recognise one that is made again. */
  stateWritesKept: 64,
  /** The files of a session: files and folders, bytes in all, bytes of one file, and bytes of a path within the workspace. */
  workspaceEntriesMax: 10_000,
  workspaceBytesMax: 256 * 1024 * 1024,
  workspaceFileBytesMax: 64 * 1024 * 1024,
  workspacePathBytesMax: 1_024,
  /** Bytes that are put into the store in one piece, a file at the end of it included whole. */
  workspacePackBytes: 8 * 1024 * 1024,
  /** Two changes of a file within this time may bear the same time. */
  workspaceClockTickMs: 50,
  /** How often a local store looks for workspaces of sessions that ended unnoticed. */
  workspacePruneMs: 60 * 60_000,
  /** Folders of sessions that nobody uses and that are kept all the same, on one machine. */
  idleWorkspacesMax: 256,
  /** A command in a session's folder: how long it may take unless its caller says otherwise, at most, and what it may write. */
  commandMsDefault: 60_000,
  commandMsMax: 60 * 60_000,
  commandOutputBytesMax: 16 * 1024 * 1024,
  /** The request that asks for one. */
  commandBytesMax: 64 * 1024,
  /** What the journal keeps of a question's text, for error messages. */
  labelCharactersMax: 80,
  /** How long a replay waits for a recorded question before it takes another one for it. */
  replayPatienceMs: 1_000,
  /** How long a program must be quiet if roots are all it has asked for: it may do so on its own account, at work on the call. */
  rootsSettleMs: 500,
  /** How long a second use of a `requestState` waits for the outcome of the first, and how often it looks. */
  roundWaitMsMax: 60_000,
  roundLookMs: 50,
  /** Attempts at a round whose outcome is lost each time. */
  roundAttemptsMax: 16,
  /** What a program says about itself is believed this long before it is started again to ask. */
  introductionKeepMs: 10_000,
  /** A program's start, its handshake included. */
  programStartMsMax: 30_000,
  /** One line of a stdio program's output. */
  programLineBytesMax: 16 * 1024 * 1024,
  /** What may wait for a stdio program that does not read its stdin. */
  programInputBytesMax: 32 * 1024 * 1024,
  /** How much of a program's output that is no message is reported. */
  garbageCharactersMax: 500,
  /** What is kept of a stdio program's stderr for error messages. */
  programStderrBytesMax: 4 * 1024,
  /** Messages a program may send within one run. */
  programMessagesPerRunMax: 100_000,
  /** How long a stdio program may take to exit after its stdin is closed, before SIGKILL. */
  programExitMsMax: 500,
  /** Quiet time after which a stdio program with an open question counts as waiting. In-process programs need none. */
  stdioSettleMs: 25,
  /** Tries of an invocation that is refused for want of capacity, and the pause before the second; it doubles each time. */
  busyAttemptsMax: 5,
  busyPauseMs: 200,
  /** How long before the end of a Lambda invocation its streams and its work are ended: an invocation that runs out of time is killed. */
  invocationMarginMs: 10_000,
  /** How far the clock of an issuer of access tokens may be from ours. */
  tokenToleranceMs: 30_000,
  /** How long an issuer may take to answer for its metadata or its keys, and how long either may be. */
  issuerAnswerMsMax: 5_000,
  issuerDocumentBytesMax: 1024 * 1024,
  /** How long an issuer's keys are kept before they are fetched again, and believed while they cannot be. */
  keysKeepMs: 10 * 60_000,
  keysKeepMsMax: 60 * 60_000,
  /** Pause before keys are fetched again for a token that names an unknown one, and after a failure. */
  keysPauseMs: 10_000,
  keysRetryMs: 1_000,
  /** The id of a principal; a longer name is hashed. */
  principalIdCharactersMax: 256,
  /** Session settings with the names and ranges of Amazon Bedrock AgentCore Runtime. */
  idleTimeoutMsDefault: 900_000,
  idleTimeoutMsMin: 60_000,
  idleTimeoutMsMax: 28_800_000,
  lifetimeMsDefault: 28_800_000,
  lifetimeMsMax: 14 * 24 * 60 * 60_000,
} as const;
