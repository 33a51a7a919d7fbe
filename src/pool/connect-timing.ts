import { measure } from '../base/user-timing.js';
import type { Connection } from '../connection/connection.js';
import { CORE } from '../connection/internal.js';
import type { PoolObserver } from '../observe/observer.js';

/** Measures openings by User Timing: of pools with the option `userTiming`. */
export const connectTiming: PoolObserver = {
  connecting({ url }) {
    const start = performance.now();
    return {
      resolved() {
        measure('lws-pool:connect:lookup', start, { url });
      },
      opened(connection) {
        const detail = { url, connection: connection.id, worker: connection.worker };
        measureParts(connection, detail);
        measure('lws-pool:connect', start, detail);
      },
      failed({ code }) {
        measure('lws-pool:connect', start, { url, error: code });
      },
    };
  },
};

/** The parts that its worker has noted; none with `createPool({ stats: false })`. */
function measureParts(connection: Connection, detail: object): void {
  if (connection[CORE].link.figures === undefined) return;
  const { queued, begun, connected, secured, opened } = connection.stats().phases;
  const part = (name: string, start: number | undefined, end: number | undefined) => {
    if (start === undefined || end === undefined) return;
    const { timeOrigin } = performance;
    measure(`lws-pool:connect:${name}`, start - timeOrigin, detail, end - timeOrigin);
  };
  part('queue', queued, begun);
  part('tcp', begun, connected);
  part('tls', connected, secured);
  part('upgrade', secured ?? connected, opened);
}
