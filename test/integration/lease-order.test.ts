import type { Connection, Lease } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { certificate, isSecure, open, own as ownFrame, until, WIRES } from '../fixtures/leases.js';
import { event, usePool } from '../fixtures/pool.js';
import { newSeed, randomFrom } from '../fixtures/random.js';
import { afterUpgrade, frame } from '../fixtures/servers.js';

const own = usePool();
const seed = newSeed();
const ROUNDS = 60;

/** Something to be written, as small as it can be or with a payload. */
type Step = readonly [name: 'text' | 'binary' | 'ping', payload: string];

const OPCODES = { text: 1, binary: 2, ping: 9 } as const;

function stepsFrom(random: () => number): Step[] {
  const names = ['text', 'binary', 'ping'] as const;
  return Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const name = names[Math.floor(random() * names.length)] as Step[0];
    return [name, random() < 0.6 ? '' : 'x'.repeat(Math.floor(random() * 100))];
  });
}

function perform(connection: Connection, steps: readonly Step[]): void {
  for (const [name, payload] of steps) {
    if (name === 'ping') connection.ping(payload);
    else connection.send(name === 'text' ? payload : Buffer.from(payload));
  }
}

const shown = (steps: readonly Step[]) =>
  steps.map(([name, payload]) => `${OPCODES[name]} ${payload}`);

/** Opcode and payload of each masked frame in these bytes, which are short. */
function framesIn(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 1] as number) & 0x7f;
    const mask = bytes.subarray(at + 2, at + 6);
    const payload = Buffer.from(bytes.subarray(at + 6, at + 6 + length));
    for (let i = 0; i < length; i++) payload[i] = (payload[i] as number) ^ (mask[i & 3] as number);
    frames.push(`${(bytes[at] as number) & 0xf} ${payload}`);
    at += 6 + length;
  }
  return frames;
}

/** Asks again for as long as it would have to be waited for. */
async function tried(connection: Connection): Promise<Lease<Connection>> {
  for (;;) {
    const lease = connection.tryLease('exclusive');
    if (lease !== undefined) return lease;
    await new Promise(setImmediate);
  }
}

describe.each(WIRES.filter((wire) => wire !== 'tcp'))('an exclusive lease on %s', (wire) => {
  it('begins behind all that was asked for before, as small as it may be', async () => {
    const { connection, received } = await open(own.pool, wire);
    const random = randomFrom(seed);
    const expected: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const steps = stepsFrom(random);
      perform(connection, steps);
      const waits = random() < 0.5;
      const lease = waits ? await connection.lease('exclusive') : await tried(connection);
      const marker = `lease ${round}`;
      const bytes = ownFrame(wire, marker);
      expect((lease.tls ?? lease.socket).write(bytes)).toBe(bytes.length);
      lease.release();
      expected.push(...shown(steps), `2 ${marker}`);
    }
    await until(() => framesIn(received()).length >= expected.length, 'the last frame');
    expect(framesIn(received())).toEqual(expected);
    connection.terminate();
  });

  it('does so in a handler', async () => {
    const chunks: Buffer[] = [];
    let peer: import('node:net').Socket | undefined;
    const identity = await certificate();
    const port = await afterUpgrade(
      (socket) => {
        peer = socket;
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      },
      isSecure(wire) ? identity : undefined,
    );
    const group = await own.pool.connectMany(`${wire.split(' ')[0]}://localhost:${port}`, {
      count: 1,
      handler: new URL('../fixtures/handlers/ordering.mjs', import.meta.url),
      ...(isSecure(wire) && { tls: { ca: identity.cert } }),
    });
    await group.ready;
    await until(() => peer !== undefined);
    const random = randomFrom(seed);
    const expected: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const steps = stepsFrom(random);
      const marker = `lease ${round}`;
      const posted = event(group, 'post');
      const told = { steps, wait: random() < 0.5, frame: ownFrame(wire, marker).toString('hex') };
      peer?.write(frame(1, JSON.stringify(told)));
      expect((await posted)[0]).toBe(true);
      expected.push(...shown(steps), `2 ${marker}`);
    }
    await until(() => framesIn(Buffer.concat(chunks)).length >= expected.length, 'the last frame');
    expect(framesIn(Buffer.concat(chunks))).toEqual(expected);
    group.terminate();
    await group.closed;
  });
});

describe('an exclusive lease on a raw connection', () => {
  /** What the kernel says of a socket that has sent it, and whose peer has not. */
  const FIN_IS_OUT = ['FIN_WAIT1', 'FIN_WAIT2'];

  it.each([['waited for', true] as const, ['tried', false] as const])(
    'begins behind the end of what is sent: %s',
    async (_name, waits) => {
      for (let round = 0; round < 20; round++) {
        const { connection } = await open(own.pool, 'tcp');
        if (round % 2 === 1) connection.send('');
        connection.end();
        const lease = waits ? await connection.lease('exclusive') : await tried(connection);
        expect(FIN_IS_OUT).toContain(lease.socket.tcpInfo().state);
        lease.release();
        connection.terminate();
      }
    },
  );

  it('is not kept waiting by a message without a byte', async () => {
    const { connection, received } = await open(own.pool, 'tcp');
    connection.send('');
    connection.send(Buffer.alloc(0));
    const lease = await tried(connection);
    lease.socket.write(Buffer.from('by hand'));
    lease.release();
    await until(() => String(received()) === 'by hand');
    connection.terminate();
  });
});
