// Uses a ring of the worker's own, and lets the worker die with an operation in flight.
import { defineHandler, Ring } from 'lws-pool';

export default defineHandler((context) => ({
  async open(connection) {
    const ring = new Ring();
    const lease = context.leaseNow(connection);
    await ring.timeout(5);
    ring.recv(lease, Buffer.alloc(100)).catch(() => undefined);
    setTimeout(() => {
      throw new Error('meant');
    }, 10);
  },
}));
