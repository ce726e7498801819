/**
 * Packs the JSON of a record: raw deflate with a dictionary of what our records are made of, so that a small one packs well too.
 * A kilobyte is what a write unit is counted in; most exchanges fit one only because of this. Nothing here knows items or seals.
 *
 * The dictionary is part of the format: what was packed with it is unpacked with it only. Another one would need another form.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { LIMITS } from '../../base/limits.ts';

/** What comes last is found cheapest, so the commonest texts stand at the end. */
const DICTIONARY = Buffer.from(
  [
    '"idleTimeoutMs":900000,"lifetimeMs":28800000,"idleAction":"sleep","stoppedAtMs":,"kept":[{"call":"","exchange":"n',
    '"principal":"","revision":"2025-11-25","clientInfo":{"name":"","version":"1.0.0"},"logLevel":"","subscriptions":[],',
    '"clientCapabilities":{"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{"listChanged":true}},"seenAtMs":',
    '"error":{"code":-32603,"message":""}},"roots":[{"uri":"file:///","name":"',
    '"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"","maxTokens":',
    '"method":"notifications/cancelled","params":{"requestId":"","reason":"The call that asked has ended."}',
    '[{"message":{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","logger":"","data":"',
    '"response":{"result":{"content":[{"type":"text","text":""}],"structuredContent":{},"isError":true}},"settledBy":"upstream",',
    '{"jsonrpc":"2.0","id":,"result":{"content":[{"type":"text","text":""}]}},"last":true}]',
    '"progressToken":,"progress":1,"total":100,"message":""}}},{"message":{"jsonrpc":"2.0","method":"notifications/progress","params":{',
    '"lease":{"owner":"","untilMs":17},"generation":1,"sequence":0,"progress":,"askedAtMs":17,"createdAtMs":17,"expiresAtMs":17,"version":1}',
    '"asked":[""],"answers":{"":{"result":{"action":"accept","content":{"":"","":true}}}},"action":"decline"',
    '"pending":{},"asked":[],"answers":{},"required":[""],"enum":["","default":"boolean","integer","number","minimum":0,"maximum":',
    '"pending":{"":{"method":"elicitation/create","params":{"mode":"form","message":"","requestedSchema":{"type":"object","properties":{',
    '"":{"type":"string","title":"","description":"","requestState":"fermata1.k1.',
    '{"session":"","id":"n1","phase":"ready","phase":"settled","phase":"waiting","phase":"calling",',
    '"request":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"","arguments":{},"_meta":{"progressToken":1}}},"round":1,',
  ].join(''),
);

export const packed = (json: string): Buffer => deflateRawSync(json, { dictionary: DICTIONARY });

/** Throws for what is not packed so, or unpacks to more than a record may have. */
export const unpacked = (bytes: Uint8Array): string =>
  inflateRawSync(bytes, { dictionary: DICTIONARY, maxOutputLength: LIMITS.recordBytesMax }).toString();
