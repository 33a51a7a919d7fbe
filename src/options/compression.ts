import type { NativeDeflateOptions } from '../native.js';
import { Rejection } from './rejection.js';
import { flag, group, integer, read, reader } from './schema.js';

/** permessage-deflate (RFC 7692): the option `compression`. */
export interface CompressionOptions {
  /** Messages shorter than this are sent as they are. Bytes; default: 1,024. */
  threshold?: number | undefined;
  /** zlib's level, 1 (fast) to 9 (small). Default: 3. */
  level?: number | undefined;
  /** Memory of zlib's compressor, 1 to 9: 2^(memLevel + 9) bytes. Default: 8. */
  memLevel?: number | undefined;
  /**
   * The server is not to refer to earlier messages (RFC 7692 section 7.1.1.1). A connection then keeps
   * nothing between two messages, see docs/memory.md. Default: false.
   */
  serverNoContextTakeover?: boolean | undefined;
  /** The same for the client (section 7.1.1.2). Default: false. */
  clientNoContextTakeover?: boolean | undefined;
  /** Window of the server: 2^n bytes, 8 to 15 (section 7.1.2.1). Default: the server's choice. */
  serverMaxWindowBits?: number | undefined;
  /**
   * The same for the client (section 7.1.2.2). zlib cannot write with 8, so that messages then go
   * uncompressed. Default: 15, or what the server asks for.
   */
  clientMaxWindowBits?: number | undefined;
  /**
   * A message that inflates to more than so many times its compressed size is refused with 1009,
   * once it has more than 64 KiB; `maxPayload` counts anyway. Default: no limit.
   */
  maxRatio?: number | undefined;
}

/** Complete. */
export type ResolvedCompression = NativeDeflateOptions;

const INT32_MAX = 2 ** 31 - 1;
const bits = integer(8, 15, ' (bits)');

const options = group({
  threshold: integer(0, INT32_MAX, ' (bytes)'),
  level: integer(1, 9),
  memLevel: integer(1, 9),
  serverNoContextTakeover: flag,
  clientNoContextTakeover: flag,
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
  maxRatio: integer(1, INT32_MAX),
});

/** The option `compression`; false: none. */
export const compression = reader<ResolvedCompression | false>((value) => {
  if (value === false) return false;
  if (value !== true && (typeof value !== 'object' || value === null || Array.isArray(value))) {
    throw new Rejection('true, false, or an object of options');
  }
  const given = value === true ? {} : read(options, value);
  return {
    threshold: given.threshold ?? 1024,
    level: given.level ?? 3,
    memLevel: given.memLevel ?? 8,
    serverNoContextTakeover: given.serverNoContextTakeover ?? false,
    clientNoContextTakeover: given.clientNoContextTakeover ?? false,
    serverMaxWindowBits: given.serverMaxWindowBits ?? 0,
    clientMaxWindowBits: given.clientMaxWindowBits ?? 0,
    maxRatio: given.maxRatio ?? 0,
  };
});
