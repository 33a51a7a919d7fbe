import type { ErrorEntry } from './details.js';
import { because, errnoNote, peer } from './phrases.js';

/** Failures of a target, the server that connections are tested with. */
export const TARGET_ERRORS = {
  ERR_LISTEN: {
    summary: 'A target cannot listen where it was told to.',
    message: ({ host, port, errno, syscall, reason }) =>
      `The target cannot listen${host === undefined ? '' : ` on ${peer({ host, port })}`}${errnoNote({ errno, syscall }) || because(reason)}. Choose an address of this machine, and a port that is free; 0 stands for one.`,
  },
} as const satisfies Record<string, ErrorEntry>;
