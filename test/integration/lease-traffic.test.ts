import type net from 'node:net';
import type { Connection, Lease } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  isWebSocket,
  open,
  own as ownFrame,
  reader,
  until,
  WIRES,
  type Wire,
} from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { newSeed, randomFrom } from '../fixtures/random.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();
const seed = newSeed();

/** Long enough for some thousand leases in all. Milliseconds. */
const TIME = 1000;
const HEAD = 9;

/** A message that says which it is, who sent it and how long it is. */
function numbered(lane: number, sequence: number, size: number): Buffer {
  const bytes = Buffer.alloc(HEAD + size, (lane * 31 + sequence) & 0xff);
  bytes[0] = lane;
  bytes.writeUInt32LE(sequence, 1);
  bytes.writeUInt32LE(size, 5);
  return bytes;
}

/** Reads such messages as they come, and sees to it that each lane's are whole and in order. */
class Lanes {
  readonly counts = new Map<number, number>();
  readonly wrong: string[] = [];
  #rest: Buffer = Buffer.alloc(0);

  readonly take = (bytes: Buffer): void => {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= HEAD && this.wrong.length === 0) {
      const lane = this.#rest[0] as number;
      const expected = numbered(lane, this.count(lane), this.#rest.readUInt32LE(5));
      if (this.#rest.length < expected.length && expected.length < 200_000) return;
      if (!this.#rest.subarray(0, expected.length).equals(expected)) {
        const found = this.#rest.readUInt32LE(1);
        this.wrong.push(`lane ${lane}: ${found} where ${this.count(lane)} was to be`);
      }
      this.#rest = this.#rest.subarray(expected.length);
      this.counts.set(lane, this.count(lane) + 1);
    }
  };

  count(lane: number): number {
    return this.counts.get(lane) ?? 0;
  }

  /** Waits until that is what has come, and answers what has. */
  async until(expected: Record<number, number>): Promise<unknown> {
    const all = () => Object.entries(expected).every(([lane, n]) => this.count(Number(lane)) >= n);
    await until(() => this.wrong.length > 0 || all(), `seed ${seed}: ${JSON.stringify(expected)}`);
    return { wrong: this.wrong, counts: Object.fromEntries(this.counts) };
  }
}

const size = (random: () => number) =>
  random() < 0.01 ? Math.floor(random() * 80_000) : Math.floor(random() ** 4 * 1000);

/** The peer sends, in pieces that know nothing of frames, until it is stopped. */
function peerSends(wire: Wire, peer: net.Socket, random: () => number) {
  let sequence = 0;
  let stop = false;
  let rest: Buffer = Buffer.alloc(0);
  const done = (async () => {
    while (!stop || rest.length > 0) {
      while (!stop && rest.length < 3000) {
        const message = numbered(1, sequence++, size(random));
        rest = Buffer.concat([rest, isWebSocket(wire) ? frame(2, message) : message]);
      }
      const piece = rest.subarray(0, 1 + Math.floor(random() ** 2 * rest.length));
      rest = rest.subarray(piece.length);
      if (!peer.write(piece)) await new Promise((resolve) => peer.once('drain', resolve));
      await new Promise(setImmediate);
    }
    return sequence;
  })();
  return {
    stop: () => {
      stop = true;
      return done;
    },
  };
}

/** Leases again and again, and now and then sends a message under an exclusive one. */
async function leaseOften(
  wire: Wire,
  connection: Connection,
  random: () => number,
  lane: number | undefined,
  effort: Effort,
): Promise<number> {
  let sent = 0;
  while (!effort.stopped()) {
    const mode = random() < 0.6 ? 'exclusive' : 'shared';
    const boundary = random() < 0.5 ? 'any' : 'frame';
    const lease = await connection.lease(mode, { boundary });
    effort.leases++;
    try {
      if (mode === 'shared') lease.socket.tcpInfo();
      else if (lane !== undefined && random() < 0.3) {
        await writeAll(lease, ownFrame(wire, numbered(lane, sent++, size(random))));
      }
      if (random() < 0.2) await new Promise(setImmediate);
    } finally {
      lease.release();
    }
    if (random() < 0.7) await new Promise(setImmediate);
  }
  return sent;
}

async function writeAll(lease: Lease<Connection>, bytes: Buffer): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const written = (lease.tls ?? lease.socket).write(rest);
    if (written > 0) rest = rest.subarray(written);
    else await new Promise(setImmediate);
  }
}

/** Sends until it is stopped, from the main thread. */
async function sends(connection: Connection, random: () => number, stopped: () => boolean) {
  let sequence = 0;
  while (!stopped()) {
    const more = connection.send(numbered(2, sequence++, size(random)));
    if (!more) await connection.flushed();
    await new Promise(setImmediate);
  }
  return sequence;
}

/** Goes on for a while, and on a busy machine until there were so many leases. */
class Effort {
  leases = 0;
  readonly #leases: number;
  readonly #end = performance.now() + TIME;

  constructor(leases: number) {
    this.#leases = leases;
  }

  readonly stopped = () => this.leases >= this.#leases && performance.now() > this.#end;
}

function lanesOf(wire: Wire, peer: net.Socket): Lanes {
  const lanes = new Lanes();
  peer.removeAllListeners('data');
  peer.on('data', reader(wire, lanes.take));
  return lanes;
}

/** As it should be; lanes on which nothing was sent are not there. */
function well(counts: Record<number, number>) {
  const sent = Object.entries(counts).filter(([, count]) => count > 0);
  return { wrong: [], counts: Object.fromEntries(sent) };
}

describe.each(WIRES)('nothing is lost, doubled or out of order: %s', (wire) => {
  it('while the main thread leases', async () => {
    const random = randomFrom(seed);
    const { connection, peer } = await open(own.pool, wire, { highWaterMark: 64 * 1024 });
    const atPeer = lanesOf(wire, peer);
    const here = new Lanes();
    if (isWebSocket(wire)) connection.on('message', here.take);
    else connection.on('data', here.take);
    const effort = new Effort(200);
    const sending = peerSends(wire, peer, random);
    const [one, two, sent] = await Promise.all([
      leaseOften(wire, connection, random, 3, effort),
      leaseOften(wire, connection, random, 4, effort),
      sends(connection, random, effort.stopped),
    ]);
    const received = await sending.stop();
    expect(await here.until({ 1: received }), `seed ${seed}`).toEqual(well({ 1: received }));
    const expected = { 2: sent, 3: one, 4: two };
    expect(await atPeer.until(expected), `seed ${seed}`).toEqual(well(expected));
    connection.terminate();
  });

  it('while the main thread and a handler lease', async () => {
    const random = randomFrom(seed ^ 1);
    const handler = new URL('../fixtures/handlers/contending.mjs', import.meta.url);
    const { connection, peer } = await open(own.pool, wire, { handler });
    const atPeer = lanesOf(wire, peer);
    const effort = new Effort(30);
    const sending = peerSends(wire, peer, random);
    // The echo of a raw connection knows no messages, and others would cut into them.
    const lane = isWebSocket(wire) ? 3 : undefined;
    const sent = await leaseOften(wire, connection, random, lane, effort);
    const expected = { 1: await sending.stop(), 3: sent };
    expect(await atPeer.until(expected), `seed ${seed}`).toEqual(well(expected));
    expect(connection.error).toBeUndefined();
    // The token counts all leases of the connection, so the rest are the handler's.
    const { token } = await connection.lease('shared');
    expect(Number(token) - effort.leases).toBeGreaterThan(100);
    connection.terminate();
  });
});
