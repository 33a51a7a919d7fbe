import type { ErrorEntry } from './details.js';
import { because } from './phrases.js';

/** io_uring(7), which not every kernel and container has. */
export const URING_ERRORS = {
  ERR_URING_UNAVAILABLE: {
    summary: 'The kernel has no io_uring, or forbids it.',
    message: ({ reason }) =>
      `The kernel refuses io_uring${because(reason)}. Do without it, or allow it: Linux 6.1 or newer, the sysctl kernel.io_uring_disabled at 0, and a seccomp profile of the container that lets io_uring_setup pass.`,
  },
} as const satisfies Record<string, ErrorEntry>;
