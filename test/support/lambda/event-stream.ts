/**
 * The framing of AWS event streams (`application/vnd.amazon.eventstream`), writing side: lengths, headers, payload, and two
 * checksums.
 */
import { crc32 } from 'node:zlib';

const STRING = 7;

function header(name: string, value: string): Buffer {
  const key = Buffer.from(name);
  const text = Buffer.from(value);
  const bytes = Buffer.alloc(4 + key.length + text.length);
  bytes.writeUInt8(key.length, 0);
  key.copy(bytes, 1);
  bytes.writeUInt8(STRING, 1 + key.length);
  bytes.writeUInt16BE(text.length, 2 + key.length);
  text.copy(bytes, 4 + key.length);
  return bytes;
}

/** One event of a type. */
export function frame(type: string, contentType: string, payload: Buffer): Buffer {
  const headers = Buffer.concat([
    header(':message-type', 'event'),
    header(':event-type', type),
    header(':content-type', contentType),
  ]);
  const head = Buffer.alloc(12);
  head.writeUInt32BE(head.length + headers.length + payload.length + 4, 0);
  head.writeUInt32BE(headers.length, 4);
  head.writeUInt32BE(crc32(head.subarray(0, 8)), 8);
  const message = Buffer.concat([head, headers, payload, Buffer.alloc(4)]);
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.length - 4);
  return message;
}
