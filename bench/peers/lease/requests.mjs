import { once } from 'node:events';
import { answerSize, byEvents, request, runRequests, upgrade } from '../contract/requests.mjs';
import { Ring } from '../lws-pool-library.mjs';

/** Requests on raw connections: by a ring under exclusive leases, or by the connections themselves. */
export async function requests(pool, workload) {
  const { connections: count, url, lease: mode } = workload;
  const { host } = new URL(url);
  const opened = await Promise.all(
    Array.from({ length: count }, () => pool.connect(`tcp://${host}`)),
  );
  await Promise.all(
    opened.map(async (connection) => {
      connection.send(upgrade(url));
      await once(connection, 'data');
    }),
  );
  if (mode === 'none') {
    const askers = opened.map((connection) =>
      byEvents({
        send: (bytes) => connection.send(bytes),
        onData: (take) => connection.on('data', take),
      }),
    );
    return runRequests(askers, workload);
  }
  const ring = new Ring();
  const leases = await pool.leaseAll(opened, mode);
  const outcome = await runRequests(
    leases.map((lease) => byRing(ring, lease, workload.call)),
    workload,
  );
  for (const lease of leases) lease.release();
  await ring.close();
  return outcome;
}

function byRing(ring, lease, call) {
  const answer = Buffer.alloc(answerSize);
  const all = { all: true };
  const chain = () => [ring.send(lease, request), ring.recv(lease, answer, all)];
  const exchange =
    call === 'link'
      ? () => Promise.all(ring.link(chain))
      : () => ring.request(lease, request, answer, all);
  return {
    async ask(count) {
      for (let left = count; left > 0; left--) await exchange();
    },
  };
}
