import type { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import {
  type BaseConnection,
  Connection,
  type Detached,
  type HandlerConnection,
  type HandlerContext,
  Lease,
  type LeaseSocket,
  type LeaseTls,
  type Pool,
  type TcpInfo,
} from 'lws-pool';
import { expectTypeOf, test } from 'vitest';

declare const pool: Pool;
declare const connection: Connection;
declare const lease: Lease<Connection>;
declare const context: HandlerContext;
declare const handled: HandlerConnection;

test('leases know what they are on', () => {
  expectTypeOf(connection.lease('shared')).resolves.toEqualTypeOf<Lease<Connection>>();
  expectTypeOf(connection.tryLease('exclusive')).toEqualTypeOf<Lease<Connection> | undefined>();
  expectTypeOf(handled.lease('shared')).resolves.toEqualTypeOf<Lease<HandlerConnection>>();
  expectTypeOf(context.leaseNow(handled)).toEqualTypeOf<Lease<HandlerConnection>>();
  expectTypeOf(pool.leaseAll([connection], 'shared')).resolves.toEqualTypeOf<Lease<Connection>[]>();
  expectTypeOf(pool.leaseAll(new Set([connection]), 'exclusive')).resolves.toBeArray();
  expectTypeOf(lease.connection).toEqualTypeOf<Connection>();
  // @ts-expect-error there are two modes
  void connection.lease('write');
  // @ts-expect-error a mode has to be given
  void connection.lease();
  // @ts-expect-error an unknown option
  void connection.lease('shared', { wait: 5 });
  // @ts-expect-error an unknown boundary
  void connection.lease('shared', { boundary: 'message' });
  // @ts-expect-error a connection of a handler is not one of the main thread
  void pool.leaseAll([handled], 'shared');
});

test('withLease() answers what its function does', () => {
  expectTypeOf(connection.withLease('shared', () => 5)).resolves.toBeNumber();
  expectTypeOf(connection.withLease('shared', async ({ token }) => token)).resolves.toBeBigInt();
  const options = { timeout: 5, maxHold: 5, boundary: 'frame', label: 'x' } as const;
  expectTypeOf(connection.withLease('shared', options, () => 'x')).resolves.toBeString();
  expectTypeOf(handled.withLease('exclusive', (own) => own)).resolves.toEqualTypeOf<
    Lease<HandlerConnection>
  >();
  // @ts-expect-error the function is missing
  void connection.withLease('shared', options);
});

test('only the pool makes leases and connections, and nobody sees inside', () => {
  // @ts-expect-error its constructor is private
  void new Lease(connection, {});
  // @ts-expect-error its constructor is private
  void new Connection({});
  type Made = typeof import('lws-pool');
  expectTypeOf<Made>().not.toHaveProperty('HandlerConnection');
  expectTypeOf<keyof Connection & ('leasing' | 'link' | 'onRecord' | 'heldMessages')>().toBeNever();
  expectTypeOf<keyof HandlerConnection & ('leasing' | 'link' | 'held' | 'holds')>().toBeNever();
  expectTypeOf<Extract<keyof HandlerConnection, symbol>>().toEqualTypeOf<
    typeof Symbol.asyncDispose
  >();
  expectTypeOf<Extract<keyof Lease, symbol>>().toEqualTypeOf<
    typeof Symbol.dispose | typeof Symbol.asyncDispose
  >();
  expectTypeOf<keyof typeof Connection & 'make'>().toBeNever();
});

test('connections of both sides agree', () => {
  type Shared = keyof BaseConnection;
  expectTypeOf<Exclude<keyof HandlerConnection, Shared>>().toEqualTypeOf<'state'>();
  expectTypeOf<Pick<Connection, 'url' | 'kind' | 'worker' | 'end' | 'close'>>().toEqualTypeOf<
    Pick<HandlerConnection, 'url' | 'kind' | 'worker' | 'end' | 'close'>
  >();
  expectTypeOf(handled.close(1000)).resolves.toBeVoid();
  expectTypeOf(connection).toExtend<EventEmitter>();
  expectTypeOf<BaseConnection>().not.toExtend<EventEmitter>();
});

test('a lease has its parts', () => {
  expectTypeOf(lease.mode).toEqualTypeOf<'shared' | 'exclusive'>();
  expectTypeOf(lease.fd).toBeNumber();
  expectTypeOf(lease.ssl).toEqualTypeOf<bigint | undefined>();
  expectTypeOf(lease.socket).toEqualTypeOf<LeaseSocket>();
  expectTypeOf(lease.tls).toEqualTypeOf<LeaseTls | undefined>();
  expectTypeOf(lease.leftover).toEqualTypeOf<Buffer>();
  expectTypeOf(lease.signal).toEqualTypeOf<AbortSignal>();
  expectTypeOf(lease.expiresAt).toEqualTypeOf<number | undefined>();
  expectTypeOf(lease.detach()).toEqualTypeOf<Detached>();
  expectTypeOf(lease.detachToSocket()).toEqualTypeOf<Socket>();
  expectTypeOf(lease.release()).toBeVoid();
  expectTypeOf(lease[Symbol.dispose]).returns.toBeVoid();
  expectTypeOf(lease[Symbol.asyncDispose]).returns.resolves.toBeVoid();
  // @ts-expect-error read only
  lease.connection = connection;
});

test('sockets and TLS carry their types', () => {
  expectTypeOf(lease.socket.tcpInfo()).toEqualTypeOf<TcpInfo>();
  expectTypeOf(lease.socket.getOption('SO_KEEPALIVE')).toBeBoolean();
  expectTypeOf(lease.socket.getOption('TCP_CONGESTION')).toBeString();
  expectTypeOf(lease.socket.getOption(6, 11, 256)).toEqualTypeOf<Buffer>();
  lease.socket.setOption('TCP_NODELAY', true);
  // @ts-expect-error of another type
  lease.socket.setOption('TCP_NODELAY', 1);
  // @ts-expect-error it can only be read
  lease.socket.setOption('SO_ERROR', 1);
  // @ts-expect-error no such option
  lease.socket.getOption('SO_NOTHING');
  expectTypeOf(lease.tls?.peerCertificates).toEqualTypeOf<readonly X509Certificate[] | undefined>();
  lease.tls?.updateKeys({ requestPeer: true });
  // @ts-expect-error an unknown option
  lease.tls?.updateKeys({ peer: true });
});

test('a pool reports leases', () => {
  pool.on('warning', (warning) => {
    if (warning.code !== 'LEASE_LEAKED') return;
    expectTypeOf(warning.details.heldFor).toBeNumber();
    expectTypeOf(warning.details.token).toBeBigInt();
  });
});
