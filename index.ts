/**
 * The public surface of the package, exported by name: the two halves, what they are plugged together from, and the types at
 * their seams. What is not here is not promised.
 */
export type { HttpServerOptions } from './core/adapters/http/server.ts';
export { httpServer } from './core/adapters/http/server.ts';
export type { MemoryStoresOptions } from './core/adapters/memory/stores.ts';
export { memoryStores } from './core/adapters/memory/stores.ts';
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
export type { ApiKey } from './core/http/api-keys.ts';
export { apiKeys, hashKey, newApiKey, parseApiKeys } from './core/http/api-keys.ts';
export type { HttpAppOptions } from './core/http/app.ts';
export { httpApp } from './core/http/app.ts';
export type { Authentication, Authenticator } from './core/http/authenticator.ts';
export { anonymous } from './core/http/authenticator.ts';
export { assertBindable } from './core/http/loopback.ts';
export type { Served, ServeOptions } from './core/http/serve.ts';
export { serveHttp } from './core/http/serve.ts';
export type { StatelessAppOptions } from './core/http/stateless-app.ts';
export { statelessApp } from './core/http/stateless-app.ts';
export type { Environment } from './core/ports/environment.ts';
export type { EventLog } from './core/ports/event-log.ts';
export type { ExchangeStore } from './core/ports/exchange-store.ts';
export type { Observation, Observer } from './core/ports/observer.ts';
export type { Program, ProgramInstance, ProgramListener } from './core/ports/program.ts';
export type { RoundGuard } from './core/ports/round-guard.ts';
export type { Seal } from './core/ports/seal.ts';
export type { SessionStore } from './core/ports/session-store.ts';
export type { LegacyCall, Reply, StatefulServer, StreamEvent } from './core/ports/stateful-server.ts';
export type { CallContext, Principal, StatelessServer } from './core/ports/stateless-server.ts';
export type { Stores } from './core/ports/stores.ts';
export type { ModernRequest } from './core/protocol/envelope.ts';
export type { ProxyOptions, ProxySettings, RetryLost } from './core/proxy/engine.ts';
export { proxy } from './core/proxy/proxy.ts';
