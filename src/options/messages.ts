import { flag, group, parseWith } from './schema.js';

/** Options of `connection.messages()`. */
export interface MessagesOptions {
  /**
   * Keeps the connection open when you leave the loop. Later messages are held for the next loop or
   * listener, as before the first. Default: false, leaving the loop terminates the connection.
   */
  readonly keepOpen?: boolean | undefined;
}

const schema = group({ keepOpen: flag });

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseMessagesOptions(input: MessagesOptions | undefined): { keepOpen: boolean } {
  const { keepOpen = false } = input === undefined ? {} : parseWith(schema, input);
  return { keepOpen };
}
