/**
 * The part of the public surface that is about AWS, exported by name as `fermata/aws`: the table, functions as upstreams, and the
 * entries of functions. It is apart from `index.ts`, so that whoever runs elsewhere never loads the AWS SDK.
 */
export { createTable } from './core/adapters/dynamodb/schema.ts';
export type { DynamodbStoresOptions } from './core/adapters/dynamodb/stores.ts';
export { dynamodbClient, dynamodbStores } from './core/adapters/dynamodb/stores.ts';
export type { LambdaDispatchOptions, Order } from './core/adapters/lambda/dispatch.ts';
export { lambdaDispatch, orderIn } from './core/adapters/lambda/dispatch.ts';
export type { LambdaServerOptions } from './core/adapters/lambda/server.ts';
export { lambdaServer } from './core/adapters/lambda/server.ts';
export type { LambdaSessionEndOptions } from './core/adapters/lambda/session-end.ts';
export { lambdaSessionEnd } from './core/adapters/lambda/session-end.ts';
export type { Tenancy } from './core/adapters/lambda/tenant.ts';
export { bufferedEntry } from './core/adapters/lambda-entry/buffered.ts';
export { callerArnOf, invokedForOf } from './core/adapters/lambda-entry/event.ts';
export type { EntryOptions } from './core/adapters/lambda-entry/invocation.ts';
export type { BufferedHandler, LambdaContext, StreamingHandler } from './core/adapters/lambda-entry/runtime.ts';
export type { StreamingEntryOptions } from './core/adapters/lambda-entry/streaming.ts';
export { streamingEntry } from './core/adapters/lambda-entry/streaming.ts';
export type { S3WorkspaceStoreOptions } from './core/adapters/s3/workspace-store.ts';
export { s3Client, s3WorkspaceStore } from './core/adapters/s3/workspace-store.ts';
export type { SessionNotice } from './core/protocol/session-notice.ts';
export { sessionNoticeIn } from './core/protocol/session-notice.ts';
