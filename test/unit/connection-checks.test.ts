import { beforeEach, describe, expect, it } from 'vitest';
import type { Link } from '../../src/channel/link.js';
import { type CheckedConnection, ConnectionChecks } from '../../src/health/connection-checks.js';
import type { Trouble } from '../../src/health/warning.js';
import type { NativeLeases } from '../../src/native.js';

/** What a connection is seen to be; a test changes it between rounds. */
class Seen implements CheckedConnection {
  readonly id: string;
  heldMessages = 0;
  heldTaken = 0;
  readonly link: Link;
  constructor(slot: number, generation = 1) {
    this.id = `1.${slot}.${generation}`;
    const link = { slot, generation, readyState: 1, paused: false, resumes: 0, bufferedAmount: 0 };
    this.link = link as Partial<Link> as Link;
  }
  set(values: Partial<Record<keyof Link, unknown>>): void {
    Object.assign(this.link, values);
  }
}

/** What the kernel says of all of them. */
let kernel: { unread: number; unacked: number; backoff: number; lastAckRecv: number };
let looks: number;
let leased: number;
const native = {
  take: () => {
    leased++;
    return 7;
  },
  release: () => {
    leased--;
    return 0;
  },
  queued: () => kernel.unread,
  getOption: (...args: unknown[]) => {
    looks++;
    const view = new DataView((args[5] as Uint8Array).buffer);
    view.setUint8(2, kernel.backoff);
    view.setUint8(4, kernel.backoff);
    view.setUint32(24, kernel.unacked, true);
    view.setUint32(56, kernel.lastAckRecv, true);
    return 60;
  },
} as Partial<NativeLeases> as NativeLeases;

const limits = {
  ...{ interval: 10, blockedAfter: undefined, stacks: false },
  ...{ unreadAfter: 1000, unresponsiveAfter: 1000, queuedBytes: 100 },
};

let told: Trouble[];
let checks: ConnectionChecks;
let now: number;
beforeEach(() => {
  kernel = { unread: 0, unacked: 0, backoff: 0, lastAckRecv: 0 };
  looks = 0;
  leased = 0;
  told = [];
  now = 0;
  checks = new ConnectionChecks(limits, native, (trouble) => told.push(trouble));
});

const codes = () => told.map(({ code }) => code);

function rounds(
  count: number,
  connections: (CheckedConnection | undefined)[],
  between = 300,
): void {
  for (let i = 0; i < count; i++) {
    checks.round(connections.length, (slot) => connections[slot], now);
    now += between;
  }
}

describe('a send queue', () => {
  it('that stays or grows for five rounds is told of once', () => {
    const one = new Seen(0);
    one.set({ bufferedAmount: 100 });
    rounds(4, [one]);
    expect(told).toEqual([]);
    rounds(5, [one]);
    expect(codes()).toEqual(['SEND_QUEUE_GROWING']);
    expect(told[0]).toMatchObject({ connection: '1.0.1', details: { queuedBytes: 100 } });
  });

  it('that becomes shorter now and then is none, nor one below the limit', () => {
    const one = new Seen(0);
    for (let i = 0; i < 50; i++) {
      one.set({ bufferedAmount: i % 4 === 3 ? 100 : 1000 + i });
      rounds(1, [one]);
    }
    const small = new Seen(0, 2);
    small.set({ bufferedAmount: 99 });
    rounds(20, [small]);
    expect(told).toEqual([]);
  });

  it('is told of anew once it has been below the limit', () => {
    const one = new Seen(0);
    for (const bufferedAmount of [500, 99, 500]) {
      one.set({ bufferedAmount });
      rounds(10, [one]);
    }
    expect(codes()).toEqual(['SEND_QUEUE_GROWING', 'SEND_QUEUE_GROWING']);
  });

  it('of another connection in the same slot begins anew', () => {
    for (let generation = 1; generation < 20; generation++) {
      const one = new Seen(0, generation);
      one.set({ bufferedAmount: 500 });
      rounds(4, [one]);
    }
    expect(told).toEqual([]);
  });
});

describe('a connection that is not read', () => {
  it('has messages that wait, for long and over five rounds', () => {
    const one = new Seen(0);
    one.heldMessages = 2;
    rounds(1, [one], 5000);
    rounds(3, [one]);
    expect(told).toEqual([]);
    rounds(3, [one]);
    expect(codes()).toEqual(['CONNECTION_UNREAD']);
    expect(told[0]?.details).toMatchObject({ messages: 2, unread: 0, paused: false });
  });

  it('is paused, and something waits in the kernel', () => {
    const one = new Seen(0);
    one.set({ paused: true });
    rounds(20, [one]);
    expect(told).toEqual([]);
    kernel.unread = 9;
    rounds(1, [one]);
    expect(told[0]?.details).toMatchObject({ messages: 0, unread: 9, paused: true });
    expect(leased).toBe(0);
  });

  it('is not one whose reader is slow', () => {
    const one = new Seen(0);
    kernel.unread = 9;
    one.set({ paused: true });
    for (let i = 0; i < 50; i++) {
      one.set({ resumes: Math.floor(i / 3) });
      rounds(1, [one]);
    }
    const other = new Seen(0, 2);
    other.heldMessages = 5;
    for (let i = 0; i < 50; i++) {
      other.heldTaken = Math.floor(i / 3);
      rounds(1, [other]);
    }
    expect(told).toEqual([]);
  });
});

describe('a peer', () => {
  it('that acknowledges nothing is told of once', () => {
    const one = new Seen(0);
    kernel = { unread: 0, unacked: 3, backoff: 4, lastAckRecv: 60_000 };
    rounds(4, [one]);
    expect(told).toEqual([]);
    rounds(9, [one]);
    expect(codes()).toEqual(['PEER_UNRESPONSIVE']);
    expect(told[0]?.details).toEqual({ unresponsiveFor: 1200, unacked: 3, retransmits: 4 });
    expect(leased).toBe(0);
  });

  it.each([
    ['that answers probes', { unacked: 3, backoff: 9, lastAckRecv: 200 }],
    ['of whom one packet was lost', { unacked: 3, backoff: 0, lastAckRecv: 60_000 }],
    ['that was sent nothing', { unacked: 0, backoff: 0, lastAckRecv: 60_000 }],
  ])('%s is none', (_, contact) => {
    kernel = { ...kernel, ...contact };
    rounds(50, [new Seen(0)]);
    expect(told).toEqual([]);
  });

  it('is looked for on 256 connections in a round, and on all in turn', () => {
    const many = Array.from({ length: 1000 }, (_, slot) => new Seen(slot));
    rounds(1, many);
    expect(looks).toBe(256);
    kernel = { unread: 0, unacked: 1, backoff: 1, lastAckRecv: 60_000 };
    rounds(60, many);
    expect(looks).toBe(61 * 256);
    expect(new Set(told.map(({ connection }) => connection)).size).toBeGreaterThan(250);
  });
});

it('connections that are not open are left alone', () => {
  const one = new Seen(0);
  kernel = { unread: 9, unacked: 3, backoff: 4, lastAckRecv: 60_000 };
  one.set({ readyState: 2, bufferedAmount: 1e9, paused: true });
  one.heldMessages = 1;
  rounds(20, [one, undefined]);
  expect(told).toEqual([]);
  expect(looks).toBe(0);
});
