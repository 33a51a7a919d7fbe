import { flag, group, parseWith } from './schema.js';

/** Options of `connection.messages()`. */
export interface MessagesOptions {
  /**
   * Leaving the loop leaves the connection open. What comes then waits for the next loop or the next
   * listener, as it does before the first. Default: false, and the connection is terminated.
   */
  readonly keepOpen?: boolean | undefined;
}

const schema = group({ keepOpen: flag });

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseMessagesOptions(input: MessagesOptions | undefined): { keepOpen: boolean } {
  const { keepOpen = false } = input === undefined ? {} : parseWith(schema, input);
  return { keepOpen };
}
