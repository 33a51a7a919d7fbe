import { POLL, Ring } from 'lws-pool';
import { expect, it } from 'vitest';
import { open, own as ownFrame, payloads, until } from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { newSeed, randomFrom } from '../fixtures/random.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();
const seed = newSeed();
const CONNECTIONS = 16;
/** On each. */
const LEASES = 150;
const SIZE = 8;

/** A message that says which it is. */
const numbered = (lane: string, sequence: number) => `${lane}${String(sequence).padStart(7, '0')}`;

/** A holder may have bytes before the events of those in front of them have run. */
function sorted(text: string): string {
  return (text.match(/.{8}/g) ?? []).sort().join('');
}

/** Of each lane the messages are there in order, each once. */
function check(text: string, lanes: Record<string, number>): void {
  const next: Record<string, number> = {};
  for (let at = 0; at < text.length; at += SIZE) {
    const one = text.slice(at, at + SIZE);
    const lane = one[0] as string;
    expect(one).toBe(numbered(lane, next[lane] ?? 0));
    next[lane] = (next[lane] ?? 0) + 1;
  }
  expect(next).toEqual(Object.fromEntries(Object.entries(lanes).filter(([, count]) => count > 0)));
}

it('loses, doubles and mixes nothing over thousands of leases with operations in flight', async () => {
  const random = randomFrom(seed);
  const ring = new Ring({ entries: 16, registered: 8 });
  const codes = new Set<string>();

  const lane = async () => {
    const { connection, peer, received } = await open(own.pool, 'ws');
    let heard = '';
    connection.on('message', (data) => {
      heard += data.toString();
    });
    const count = { p: 0, c: 0, h: 0 };
    const say = (times: number) => {
      for (let i = 0; i < times; i++) peer.write(frame(2, numbered('p', count.p++)));
    };
    for (let left = LEASES; left > 0; left--) {
      say(Math.floor(random() * 3));
      for (let i = Math.floor(random() * 3); i > 0; i--) connection.send(numbered('c', count.c++));
      const maxHold = random() < 0.1 ? 1 + Math.floor(random() * 5) : undefined;
      const lease = await connection.lease('exclusive', { maxHold, boundary: 'frame' });
      // Whole frames, of one size: what is received is whole, or nothing.
      const into = Buffer.alloc(SIZE + 2);
      const asked = ring.recv(lease, into, { all: true }).then(
        (bytes) => {
          expect(bytes).toBe(into.length);
          heard += into.subarray(2).toString();
        },
        ({ code }) => codes.add(code),
      );
      const sent = random() < 0.5 ? ring.send(lease, ownFrame('ws', numbered('h', count.h))) : 0;
      const poll = random() < 0.3 ? ring.poll(lease, POLL.PRI).catch(() => 0) : 0;
      const whole = Promise.resolve(sent).then(
        (bytes) => {
          if (bytes > 0) count.h++;
        },
        ({ code }) => codes.add(code),
      );
      const wait = random();
      if (wait < 0.5) await new Promise((resolve) => setTimeout(resolve, wait * 8));
      else if (wait < 0.75) await new Promise(setImmediate);
      lease.release();
      await Promise.all([asked, whole, poll]);
    }
    await until(
      () => heard.length === count.p * SIZE && wire(received()).length === sum(count) * SIZE,
      `connection ${connection.id} with ${JSON.stringify(count)} (${connection.error?.message})`,
    );
    check(sorted(heard), { p: count.p });
    check(wire(received()), { c: count.c, h: count.h });
    connection.terminate();
  };
  const wire = (bytes: Buffer) => payloads('ws', bytes).toString();
  const sum = ({ c, h }: { c: number; h: number }) => c + h;

  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  expect([...codes].sort()).toEqual(['ERR_LEASE_EXPIRED', 'ERR_LEASE_RELEASED']);
  expect(ring.inFlight).toBe(0);
  await ring.close();
});
