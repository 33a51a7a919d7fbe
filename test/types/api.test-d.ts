import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type {
  Connection,
  ConnectionGroup,
  DebugSocket,
  ErrorCode,
  FlightEvent,
  FlightRecord,
  HandlerConnection,
  LwsPoolError,
  Message,
  Pool,
  TraceEvent,
} from 'lws-pool';
import { Connection as ConnectionClass, createPool, defineHandler, Lease } from 'lws-pool';
import { expect, expectTypeOf, test } from 'vitest';

declare const pool: Pool;
declare const connection: Connection;

test('a pool gives connections and groups', () => {
  expectTypeOf(createPool).returns.resolves.toEqualTypeOf<Pool>();
  expectTypeOf(pool.connect('ws://localhost/')).resolves.toEqualTypeOf<Connection>();
  expectTypeOf(pool.connectMany).returns.resolves.toEqualTypeOf<ConnectionGroup>();
  expectTypeOf(pool.close({ timeout: 1 })).resolves.toBeVoid();
  expectTypeOf(pool.listenDebug('/run/debug')).resolves.toEqualTypeOf<DebugSocket>();
  // @ts-expect-error an unknown option
  void createPool({ workers: 2 });
  // @ts-expect-error connectMany needs a count
  void pool.connectMany('ws://localhost/', { handler: '/handler.js' });
});

test('is made by its pool alone', () => {
  // @ts-expect-error no constructor of theirs is public
  expect(() => new ConnectionClass({} as never)).toThrow();
  // @ts-expect-error
  expect(() => new Lease({} as never, {} as never)).toThrow();
});

test('waits for an event without a value', () => {
  expectTypeOf(new Promise((resolve) => connection.once('drain', resolve))).resolves.toBeUnknown();
  expectTypeOf(once(connection, 'drain')).toExtend<Promise<unknown>>();
});

test('events carry their types', () => {
  connection.on('message', (data, isBinary) => {
    expectTypeOf(data).toEqualTypeOf<Buffer>();
    expectTypeOf(isBinary).toBeBoolean();
  });
  connection.on('close', (code, reason) => {
    expectTypeOf(code).toBeNumber();
    expectTypeOf(reason).toBeString();
  });
  connection.on('error', (error) => {
    expectTypeOf(error).toEqualTypeOf<LwsPoolError>();
    expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
  });
  // @ts-expect-error there is no such event
  connection.on('open', () => undefined);
});

test('connections send, stream and iterate', () => {
  expectTypeOf(connection.send('text')).toBeBoolean();
  connection.send(new Uint16Array(2));
  connection.send(new ArrayBuffer(2), { binary: false });
  // @ts-expect-error: there is on()
  connection.onmessage = () => undefined;
  connection.send('text', { compress: false });
  expectTypeOf(connection.sendStream(['a', new Uint8Array(1)])).resolves.toBeVoid();
  void connection.sendStream(connection.stream(), { binary: true, compress: false });
  expectTypeOf(connection.extensions).toBeString();
  expectTypeOf(connection.stats().compression.sent.ratio).toEqualTypeOf<number | undefined>();
  // @ts-expect-error: messages are sent whole
  connection.send('text', { fin: false });
  // @ts-expect-error numbers cannot be sent
  connection.send(1);
  expectTypeOf(connection.flushed()).resolves.toBeVoid();
  expectTypeOf(connection.stream()).toEqualTypeOf<Duplex>();
  expectTypeOf(connection[Symbol.asyncIterator]().next).returns.resolves.toEqualTypeOf<
    IteratorResult<Message>
  >();
});

test('what happened is recorded, and secrets are told where that is asked for', () => {
  void createPool({ flightRecorder: 256, tls: { keylog: '/tmp/keys', keylogFromEnv: true } });
  expectTypeOf(connection.flightRecord()).toEqualTypeOf<FlightRecord | undefined>();
  expectTypeOf<LwsPoolError['flightRecord']>().toEqualTypeOf<FlightRecord | undefined>();
  expectTypeOf<FlightRecord['events']>().toEqualTypeOf<readonly FlightEvent[]>();
  expectTypeOf<FlightRecord['toTraceEvents']>().returns.toEqualTypeOf<TraceEvent[]>();
  expectTypeOf(pool.flightRecords()).resolves.toEqualTypeOf<FlightRecord[]>();
  expectTypeOf(pool.writeTrace('/tmp/trace.json')).resolves.toBeVoid();
  connection.on('keylog', (line) => {
    expectTypeOf(line).toEqualTypeOf<Buffer>();
  });
  defineHandler({
    keylog(_connection, line) {
      expectTypeOf(line).toEqualTypeOf<Buffer>();
    },
  });
  // @ts-expect-error a record does not change
  connection.flightRecord()?.events.push();
});

test('handlers know their connections and their data', () => {
  defineHandler({
    message(own, data, isBinary) {
      expectTypeOf(own).toEqualTypeOf<HandlerConnection>();
      own.send(data, { binary: isBinary });
    },
  });
  defineHandler<{ size: number }>((context) => {
    expectTypeOf(context.data.size).toBeNumber();
    return {};
  });
});
