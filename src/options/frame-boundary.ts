import { flag, group, parseWith } from './schema.js';

/** Options of `lease.confirmFrameBoundary()`. */
export interface FrameBoundaryOptions {
  /** False: none of the messages that you read was compressed. Default: some may have been. */
  readonly compressed?: boolean | undefined;
}

const schema = group({ compressed: flag });

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseFrameBoundaryOptions(
  input: FrameBoundaryOptions | undefined,
): FrameBoundaryOptions {
  return input === undefined ? {} : parseWith(schema, input);
}
