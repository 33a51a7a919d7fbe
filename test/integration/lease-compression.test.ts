import type net from 'node:net';
import { constants, createInflateRaw } from 'node:zlib';
import type { Connection } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { compressing, deflated, RSV1, takingOver } from '../fixtures/deflate.js';
import { hold, until } from '../fixtures/leases.js';
import { ending, event, messages, usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();
const TEXT = 'what is said again and again '.repeat(20);

/** A peer that inflates what it receives with one context, as RFC 7692 section 7.2.2 has it. */
class Peer {
  readonly texts: string[] = [];
  readonly #inflate = createInflateRaw();
  #rest: Buffer = Buffer.alloc(0);
  #inflated: Buffer[] = [];
  #work = Promise.resolve();

  constructor(readonly socket: net.Socket) {
    this.#inflate.on('data', (part: Buffer) => this.#inflated.push(part));
    socket.on('data', (data: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, data]);
      this.#work = this.#work.then(() => this.#read());
    });
  }

  async #read(): Promise<void> {
    for (;;) {
      const bytes = this.#rest;
      if (bytes.length < 6) return;
      const short = (bytes[1] as number) & 0x7f;
      const start = short === 126 ? 8 : 6;
      const length = short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < start + length) return;
      this.#rest = bytes.subarray(start + length);
      const payload = Buffer.from(bytes.subarray(start, start + length));
      for (let i = 0; i < length; i++) {
        payload[i] = (payload[i] as number) ^ (bytes[start - 4 + (i & 3)] as number);
      }
      this.texts.push(
        ((bytes[0] as number) & RSV1) === 0 ? String(payload) : await this.#text(payload),
      );
    }
  }

  #text(payload: Buffer): Promise<string> {
    return new Promise((resolve) => {
      this.#inflate.write(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]));
      this.#inflate.flush(constants.Z_SYNC_FLUSH, () => {
        resolve(Buffer.concat(this.#inflated.splice(0)).toString());
      });
    });
  }
}

async function open(parameters = ''): Promise<{ connection: Connection; peer: Peer }> {
  let found: ((socket: net.Socket) => void) | undefined;
  const accepted = new Promise<net.Socket>((resolve) => {
    found = resolve;
  });
  const port = await compressing((socket) => found?.(socket), parameters);
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
    compression: { threshold: 0 },
  });
  return { connection, peer: new Peer(await accepted) };
}

/** A client's frame that is compressed. */
function compressedFrame(text: string): Buffer {
  return frame(1, deflated(text), { reserved: RSV1, masked: true });
}

describe('what is sent around a lease', () => {
  it('is compressed in order, before, during and after', async () => {
    const { connection, peer } = await open();
    for (let i = 0; i < 3; i++) connection.send(`${TEXT}before ${i}`);
    const lease = await hold(connection);
    for (let i = 0; i < 3; i++) connection.send(`${TEXT}during ${i}`);
    await until(() => peer.texts.length === 3);
    lease.release();
    for (let i = 0; i < 3; i++) connection.send(`${TEXT}after ${i}`);
    await until(() => peer.texts.length === 9);
    expect(peer.texts).toEqual(
      ['before', 'during', 'after'].flatMap((when) => [0, 1, 2].map((i) => `${TEXT}${when} ${i}`)),
    );
    connection.terminate();
  });

  it('reads the same when its holder sends compressed messages of its own', async () => {
    const { connection, peer } = await open();
    const expected: string[] = [];
    const send = (text: string) => {
      connection.send(text);
      expected.push(text);
    };
    for (let round = 0; round < 5; round++) {
      send(`${TEXT}${round}`);
      const lease = await hold(connection);
      const late = `${TEXT}late ${round}`;
      connection.send(late);
      const written = `${'of the holder '.repeat(30)}${round}`;
      lease.socket.write(compressedFrame(written));
      expected.push(written, late);
      lease.release();
      send(`${TEXT}behind ${round}`);
      await until(() => peer.texts.length === expected.length);
    }
    expect(peer.texts).toEqual(expected);
    expect(connection.readyState).toBe(1);
    connection.terminate();
  });

  it('a holder may send messages that are not compressed', async () => {
    const { connection, peer } = await open();
    connection.send(TEXT);
    await connection.withLease('exclusive', (lease) => {
      lease.socket.write(frame(1, 'plain', { masked: true }));
    });
    connection.send(TEXT);
    await until(() => peer.texts.length === 3);
    expect(peer.texts).toEqual([TEXT, 'plain', TEXT]);
    connection.terminate();
  });

  it('RSV1 where nothing is compressed breaks the stream', async () => {
    const port = await compressing(() => undefined);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { compression: true });
    const closed = ending(connection);
    await connection.withLease('exclusive', (lease) => {
      lease.socket.write(frame(0, '', { reserved: RSV1, masked: true }));
    });
    expect((await closed).error?.code).toBe('ERR_LEASE_TAINTED');
  });
});

describe('what comes in around a lease', () => {
  it('may refer to what its holder has read', async () => {
    const { connection, peer } = await open();
    const compress = takingOver();
    const first = messages(connection, 1);
    peer.socket.write(frame(1, await compress(TEXT), { reserved: RSV1 }));
    await first;
    const lease = await hold(connection);
    const bytes = frame(1, await compress(`${TEXT}for the holder`), { reserved: RSV1 });
    peer.socket.write(bytes);
    await until(() => lease.socket.unread() === bytes.length);
    expect(lease.socket.read(Buffer.alloc(bytes.length))).toBe(bytes.length);
    lease.release();
    const second = messages(connection, 1);
    peer.socket.write(frame(1, await compress(`${TEXT}after`), { reserved: RSV1 }));
    expect(await second).toEqual([`${TEXT}after`]);
    connection.terminate();
  });

  it('a frame that has come in part is left over as it came', async () => {
    const { connection, peer } = await open();
    const bytes = frame(1, deflated(TEXT), { reserved: RSV1 });
    peer.socket.write(bytes.subarray(0, 20));
    await until(() => connection.stats().bytesReceived === 20);
    const lease = await hold(connection);
    expect(lease.leftover).toEqual(bytes.subarray(0, 20));
    lease.release();
    const got = messages(connection, 1);
    peer.socket.write(bytes.subarray(20));
    expect(await got).toEqual([TEXT]);
    connection.terminate();
  });

  /** What passes the lease by, through its descriptor. */
  async function readPast(confirm: { compressed?: boolean } | undefined, sent: string) {
    const { connection, peer } = await open();
    const compress = takingOver();
    const first = messages(connection, 1);
    peer.socket.write(frame(1, await compress(TEXT), { reserved: RSV1 }));
    await first;
    const lease = await hold(connection);
    const past = frame(1, sent === '' ? await compress('past ') : sent, {
      reserved: sent === '' ? RSV1 : 0,
    });
    peer.socket.write(past);
    await until(() => lease.socket.unread() === past.length);
    const { readSync } = await import('node:fs');
    expect(readSync(lease.fd, Buffer.alloc(past.length))).toBe(past.length);
    lease.confirmFrameBoundary(confirm);
    lease.release();
    return { connection, next: frame(1, await compress(TEXT), { reserved: RSV1 }), peer };
  }

  it('past the lease: a message that refers to what nobody has seen is refused', async () => {
    const { connection, next, peer } = await readPast(undefined, '');
    const closed = ending(connection);
    peer.socket.write(next);
    expect(await closed).toMatchObject({ code: 1007, error: { code: 'ERR_COMPRESSION' } });
  });

  it('past the lease: who says that none was compressed keeps the context', async () => {
    const { connection, next, peer } = await readPast({ compressed: false }, 'plain');
    const got = messages(connection, 1);
    peer.socket.write(next);
    expect(await got).toEqual([TEXT]);
    connection.terminate();
  });

  it('past the lease: one that refers to nothing is read', async () => {
    const { connection, peer } = await readPast(undefined, '');
    const got = messages(connection, 1);
    peer.socket.write(frame(1, deflated('alone'), { reserved: RSV1 }));
    expect(await got).toEqual(['alone']);
    connection.terminate();
  });

  it('the options of confirmFrameBoundary() are checked', async () => {
    const { connection } = await open();
    await connection.withLease('exclusive', (lease) => {
      expect(() => lease.confirmFrameBoundary({ compressed: 1 as never })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      );
      expect(() => lease.confirmFrameBoundary({ inflated: true } as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      );
    });
    connection.terminate();
    await event(connection, 'close');
  });
});
