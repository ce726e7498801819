/**
 * The public surface of the package, exported by name: the two halves, what they are plugged together from, and the types at
 * their seams. What is not here is not promised.
 */

export type { FermataConfig } from './bin/config.ts';
export { defineConfig } from './bin/config.ts';
export { embeddedKeyRing } from './core/adapters/crypto/embedded-key-ring.ts';
export type { Key, KeyRing } from './core/adapters/crypto/key-ring.ts';
export { newKeyText, parseKeyRing } from './core/adapters/crypto/key-ring.ts';
export { aesSeal } from './core/adapters/crypto/seal.ts';
export type { FolderWorkspaceStoreOptions } from './core/adapters/folder/workspace-store.ts';
export { folderWorkspaceStore } from './core/adapters/folder/workspace-store.ts';
export type { Probed } from './core/adapters/http/probe.ts';
export { probe } from './core/adapters/http/probe.ts';
export type { HttpServerOptions } from './core/adapters/http/server.ts';
export { httpServer } from './core/adapters/http/server.ts';
export type { MemoryStoresOptions } from './core/adapters/memory/stores.ts';
export { memoryStores } from './core/adapters/memory/stores.ts';
export { memoryWorkspaceStore } from './core/adapters/memory/workspace-store.ts';
export { nodeEnvironment } from './core/adapters/node/environment.ts';
export type { TokenVerifierOptions } from './core/adapters/oauth/token-verifier.ts';
export { tokenVerifier } from './core/adapters/oauth/token-verifier.ts';
export type { Json, SessionValuesByKey } from './core/adapters/sdk/author.ts';
export { now, random, session, step, uuid, workspace } from './core/adapters/sdk/author.ts';
export type { ServerFactory } from './core/adapters/sdk/built-server.ts';
export type { LoadedFactory } from './core/adapters/sdk/load-factory.ts';
export { loadFactory } from './core/adapters/sdk/load-factory.ts';
export type { SdkProgramOptions } from './core/adapters/sdk/program.ts';
export { sdkProgram } from './core/adapters/sdk/program.ts';
export type { SdkServerOptions } from './core/adapters/sdk/program-server.ts';
export { sdkServer } from './core/adapters/sdk/program-server.ts';
export type { SqliteStores, SqliteStoresOptions } from './core/adapters/sqlite/stores.ts';
export { sqliteStores } from './core/adapters/sqlite/stores.ts';
export type { StdioCommand } from './core/adapters/stdio/program.ts';
export { stdioProgram } from './core/adapters/stdio/program.ts';
export type { FaultCode } from './core/base/errors.ts';
export { Fault } from './core/base/errors.ts';
export { LIMITS } from './core/base/limits.ts';
export type { ApprovalOptions, ApprovalPolicy } from './core/gates/approval.ts';
export { approvalGate } from './core/gates/approval.ts';
export type { ArgumentsOptions } from './core/gates/arguments.ts';
export { argumentsGate } from './core/gates/arguments.ts';
export type { ApprovalConfig, GatesConfig } from './core/gates/config.ts';
export { Decisions } from './core/gates/decisions.ts';
export type { Answer, Gate, GatedCall, ListedTool, Verdict } from './core/gates/gate.ts';
export type { GatedOptions } from './core/gates/gated.ts';
export { gated } from './core/gates/gated.ts';
export type { KeepAliveOptions } from './core/gates/keep-alive.ts';
export { keepAlive } from './core/gates/keep-alive.ts';
export type { PolicyScope } from './core/gates/policy.ts';
export type { AccessTokensOptions } from './core/http/access-tokens.ts';
export { accessTokens } from './core/http/access-tokens.ts';
export type { ApiKey } from './core/http/api-keys.ts';
export { apiKeys, hashKey, newApiKey, parseApiKeys } from './core/http/api-keys.ts';
export type { HttpAppOptions } from './core/http/app.ts';
export { httpApp } from './core/http/app.ts';
export type { Authentication, Authenticator, Rejection } from './core/http/authenticator.ts';
export { anonymous } from './core/http/authenticator.ts';
export type { CallerArn } from './core/http/iam-callers.ts';
export { iamCallers } from './core/http/iam-callers.ts';
export { assertBindable } from './core/http/loopback.ts';
export type { ProtectedResource } from './core/http/protected-resource.ts';
export type { Served, ServeOptions } from './core/http/serve.ts';
export { serveHttp } from './core/http/serve.ts';
export type { StatelessAppOptions } from './core/http/stateless-app.ts';
export { statelessApp } from './core/http/stateless-app.ts';
export type { Environment } from './core/ports/environment.ts';
export type { EventLog } from './core/ports/event-log.ts';
export type { ExchangeStore } from './core/ports/exchange-store.ts';
export type { Observation, Observer } from './core/ports/observer.ts';
export type { Place, Program, ProgramInstance, ProgramListener } from './core/ports/program.ts';
export type { RetryLost } from './core/ports/retry-lost.ts';
export type { RoundGuard } from './core/ports/round-guard.ts';
export type { Seal } from './core/ports/seal.ts';
export type { SessionAdmin } from './core/ports/session-admin.ts';
export type { OnSessionEnd, SessionEnding } from './core/ports/session-end.ts';
export type { SessionStore } from './core/ports/session-store.ts';
export type { StateRecord, StateStore } from './core/ports/state-store.ts';
export type { LegacyCall, Reply, StatefulServer, StreamEvent } from './core/ports/stateful-server.ts';
export type {
  Attempted,
  CallContext,
  Principal,
  SessionHandle,
  StatelessServer,
} from './core/ports/stateless-server.ts';
export type { Stores } from './core/ports/stores.ts';
export type { TokenRejection, TokenVerifier, VerifiedToken } from './core/ports/token-verifier.ts';
export type { SnapshotRecord, WorkspaceStore } from './core/ports/workspace-store.ts';
export type { Workspace, WorkspaceOwner, Workspaces } from './core/ports/workspaces.ts';
export type { ModernRequest } from './core/protocol/envelope.ts';
export type { Dispatch, ProxyOptions, ProxySettings } from './core/proxy/engine.ts';
export type { ProxyServer } from './core/proxy/proxy.ts';
export { proxy } from './core/proxy/proxy.ts';
export type { RunnerOptions } from './core/runner/runner.ts';
export { runner } from './core/runner/runner.ts';
export type { SessionClass, SessionLimits, SessionPolicy } from './core/session/policy.ts';
export type { WorkspacesOptions } from './core/workspace/workspaces.ts';
export { openWorkspaces } from './core/workspace/workspaces.ts';
