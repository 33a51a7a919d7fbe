// Takes a lease on its connection, and never gives it back.
import { defineHandler } from 'lws-pool';

const leases = [];

export default defineHandler((context) => ({
  open(connection) {
    leases.push(context.leaseNow(connection));
  },
}));
