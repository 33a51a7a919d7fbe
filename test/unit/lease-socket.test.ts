import { describe, expect, it } from 'vitest';
import { createError } from '../../src/errors/errors.js';
import type { LeaseSocket } from '../../src/lease/socket.js';
import { TCP_INFO_BYTES } from '../../src/lease/tcp-info.js';
import { FakeSocket } from './support/socket-access.js';
import { thrownBy } from './support/thrown.js';

function lease(exclusive: boolean) {
  const access = new FakeSocket(exclusive);
  return { access, socket: access.socket };
}

describe('any lease', () => {
  it('looks at the socket', () => {
    const { access, socket } = lease(false);
    access.setOption(6, 13, Buffer.from('bbr\0'));
    expect(socket).toMatchObject({
      ...{ localAddress: '127.0.0.1', localPort: 40_000 },
      ...{ remoteAddress: '192.0.2.1', remotePort: 443, congestionControl: 'bbr' },
    });
    expect([socket.unsent(), socket.unread()]).toEqual([7, 9]);
  });

  it('decodes TCP_INFO as long as the kernel filled it', () => {
    const { access, socket } = lease(false);
    access.setOption(6, 11, new Uint8Array(TCP_INFO_BYTES).fill(1));
    expect(socket.tcpInfo()).toMatchObject({
      state: 'ESTABLISHED',
      rtt: 0x0101_0101,
      rehash: 0x0101_0101,
    });
    access.setOption(6, 11, new Uint8Array(232).fill(2));
    expect(socket.tcpInfo()).toMatchObject({ state: 'SYN_SENT', sndWnd: 0x0202_0202 });
    expect(socket.tcpInfo().rcvWnd).toBeUndefined();
  });

  it('reads any option as bytes', () => {
    const { access, socket } = lease(false);
    access.setOption(1, 31, Buffer.from('label'));
    expect(socket.getOption(1, 31, 4096)).toEqual(Buffer.from('label'));
    expect(socket.getOption(1, 31, 2)).toEqual(Buffer.from('la'));
    expect(socket.getOption(1, 99, 1)).toEqual(Buffer.alloc(0));
  });

  it.each([
    [-1, 1, 4, 'level'],
    [1.5, 1, 4, 'level'],
    [Number.NaN, 1, 4, 'level'],
    [2 ** 31, 1, 4, 'level'],
    [1, '4', 4, 'name'],
    [1, undefined, 4, 'name'],
    [1, 1, 0, 'length'],
    [1, 1, 4097, 'length'],
    [1, 1, undefined, 'length'],
    ['TCP_NODELAI', undefined, undefined, 'name'],
    ['toString', undefined, undefined, 'name'],
    [undefined, undefined, undefined, 'name'],
  ])('refuses getOption(%s, %s, %s)', (level, name, length, argument) => {
    const get = () => lease(true).socket.getOption(level as never, name as never, length as never);
    const { code, details } = thrownBy(get);
    expect([code, details.argument]).toEqual(['ERR_INVALID_ARGUMENT', argument]);
  });

  it('knows what a misspelt name was meant to be', () => {
    const get = () => lease(true).socket.getOption('TCP_NODELAI' as never);
    expect(thrownBy(get).details.hint).toContain('"TCP_NODELAY"');
  });

  it('throws what the access throws', () => {
    const { access, socket } = lease(true);
    const over = createError('ERR_CONNECTION_CLOSED');
    access.getOption =
      access.unsent =
      access.address =
      access.move =
        () => {
          throw over;
        };
    const uses = [
      () => socket.tcpInfo(),
      () => socket.getOption('SO_TYPE'),
      () => socket.congestionControl,
      () => socket.unsent(),
      () => socket.remotePort,
      () => socket.write(Buffer.from('x')),
    ];
    for (const use of uses) expect(thrownBy(use)).toBe(over);
  });
});

describe('a shared lease', () => {
  it.each<[operation: string, run: (socket: LeaseSocket) => unknown]>([
    ['setOption()', (socket) => socket.setOption('TCP_NODELAY', true)],
    ['setOption()', (socket) => socket.setOption(6, 1, Buffer.alloc(4))],
    ['read()', (socket) => socket.read(Buffer.alloc(4))],
    ['write()', (socket) => socket.write(Buffer.alloc(4))],
    ['shutdown()', (socket) => socket.shutdown('both')],
    ["getOption('SO_ERROR')", (socket) => socket.getOption('SO_ERROR')],
    ["getOption('SO_ERROR')", (socket) => socket.getOption(1, 4, 4)],
  ])('does not allow %s', (operation, run) => {
    const { access, socket } = lease(false);
    const error = thrownBy(() => run(socket));
    expect(error.code).toBe('ERR_LEASE_MODE');
    expect(error.details).toEqual({ operation, mode: 'shared' });
    expect([access.calls, access.options.size]).toEqual([[], 0]);
  });
});

describe('an exclusive lease', () => {
  it('reads bytes, the end, and that there is nothing now', () => {
    const { access, socket } = lease(true);
    const buffer = Buffer.alloc(8);
    expect(socket.read(buffer)).toBe(-1);
    access.incoming = Buffer.from('abc');
    expect(socket.read(buffer)).toBe(3);
    expect(buffer.toString('latin1', 0, 3)).toBe('abc');
    access.incoming = new Uint8Array();
    expect(socket.read(new Uint8Array(1))).toBe(0);
  });

  it('writes, and ends either direction', () => {
    const { access, socket } = lease(true);
    expect(socket.write(Buffer.from('hello'))).toBe(5);
    expect(socket.write(new Uint8Array())).toBe(0);
    for (const how of ['read', 'write', 'both'] as const) socket.shutdown(how);
    expect(access.calls).toEqual([
      ...[
        ['write', 'hello'],
        ['write', ''],
      ],
      ...[
        ['shutdown', 'read'],
        ['shutdown', 'write'],
        ['shutdown', 'both'],
      ],
    ]);
  });

  it('sets any option from bytes, and reads SO_ERROR', () => {
    const { access, socket } = lease(true);
    socket.setOption(6, 1, Uint8Array.of(1, 0, 0, 0));
    expect(socket.getOption('TCP_NODELAY')).toBe(true);
    access.setOption(1, 4, Uint8Array.of(104, 0, 0, 0));
    expect(socket.getOption('SO_ERROR')).toBe(104);
    expect([...socket.getOption(1, 4, 4)]).toEqual([104, 0, 0, 0]);
  });

  it.each<[argument: string, run: (socket: LeaseSocket) => unknown]>([
    ['buffer', (socket) => socket.read(Buffer.alloc(0))],
    ['buffer', (socket) => socket.read(5 as never)],
    ['buffer', (socket) => socket.write('text' as never)],
    ['buffer', (socket) => socket.write(new Uint16Array(2) as never)],
    ['how', (socket) => socket.shutdown('all' as never)],
    ['how', (socket) => socket.shutdown(undefined as never)],
    ['level', (socket) => socket.setOption(-1, 1, Buffer.alloc(4))],
    ['name', (socket) => socket.setOption(6, 0.5, Buffer.alloc(4))],
    ['name', (socket) => socket.setOption('SO_NOTHING_LIKE_IT' as never, true as never)],
    ['value', (socket) => socket.setOption(6, 1, true as never)],
  ])('refuses a wrong %s', (argument, run) => {
    const { access, socket } = lease(true);
    const { code, details } = thrownBy(() => run(socket));
    expect([code, details.argument]).toEqual(['ERR_INVALID_ARGUMENT', argument]);
    expect([access.calls, access.options.size]).toEqual([[], 0]);
  });
});
