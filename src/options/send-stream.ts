import { flag, group, parseWith, signal } from './schema.js';

/** Options of `sendStream()`. */
export interface SendStreamOptions {
  /** Sends a text message (false) or a binary one (true). Default: as the first piece is. */
  binary?: boolean | undefined;
  /** False sends this message uncompressed where the connection compresses. Default: true. */
  compress?: boolean | undefined;
  /** Gives the message up; once something of it has been sent, this closes the connection. */
  signal?: AbortSignal | undefined;
}

const schema = group({ binary: flag, compress: flag, signal });

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseSendStreamOptions(input: SendStreamOptions | undefined): SendStreamOptions {
  return input === undefined ? {} : parseWith(schema, input);
}
