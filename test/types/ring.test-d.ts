import { type Connection, type HandlerConnection, type Lease, POLL, Ring } from 'lws-pool';
import { expectTypeOf, test } from 'vitest';

declare const lease: Lease<Connection>;
declare const handled: Lease<HandlerConnection>;
declare const ring: Ring;

test('a ring is made with options', () => {
  expectTypeOf(new Ring()).toEqualTypeOf<Ring>();
  expectTypeOf(new Ring({ entries: 8, buffers: { count: 4 } })).toEqualTypeOf<Ring>();
  expectTypeOf(Ring.features().available).toBeBoolean();
  expectTypeOf(Ring.features().reason).toEqualTypeOf<string | undefined>();
  expectTypeOf(Ring.features().opcodes).toEqualTypeOf<readonly string[]>();
  // @ts-expect-error an unknown option
  void new Ring({ size: 5 });
});

test('operations answer numbers, multishot ones are iterators', () => {
  expectTypeOf(ring.poll(lease, POLL.IN)).resolves.toBeNumber();
  expectTypeOf(
    ring.poll(handled, POLL.IN | POLL.RDHUP, { multishot: false }),
  ).resolves.toBeNumber();
  expectTypeOf(ring.poll(lease, POLL.IN, { multishot: true })).toEqualTypeOf<
    AsyncIterableIterator<number>
  >();
  expectTypeOf(ring.recv(lease, Buffer.alloc(1), { all: true })).resolves.toBeNumber();
  expectTypeOf(ring.recvMultishot(lease)).toEqualTypeOf<AsyncIterableIterator<Buffer>>();
  expectTypeOf(ring.writev(lease, [Buffer.alloc(1)])).resolves.toBeNumber();
  expectTypeOf(ring.timeout(5)).resolves.toBeVoid();
  expectTypeOf(ring.close()).resolves.toBeVoid();
  // @ts-expect-error memory, and no text
  void ring.send(lease, 'text');
  // @ts-expect-error a lease, and no connection
  void ring.recv(lease.connection, Buffer.alloc(1));
});

test('a chain answers what it is built of', () => {
  const chain = ring.link(() => [ring.send(lease, Buffer.alloc(1)), ring.linkTimeout(5)] as const);
  expectTypeOf(chain).toEqualTypeOf<readonly [Promise<number>, Promise<boolean>]>();
});
