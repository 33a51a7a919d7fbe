import { channel } from 'node:diagnostics_channel';
import {
  type ConnectAttempt,
  type Connection,
  createPool,
  type DiagnosticsMessages,
  type HandlerConnection,
  type LwsPoolError,
  type Pool,
  type PoolWarning,
  type WarningCode,
  type WarningDetails,
  type WarningOptions,
} from 'lws-pool';
import { expectTypeOf, test } from 'vitest';

declare const pool: Pool;

test('a warning has the details of its code', () => {
  pool.on('warning', (warning) => {
    expectTypeOf(warning).toEqualTypeOf<PoolWarning>();
    expectTypeOf(warning.code).toEqualTypeOf<WarningCode>();
    expectTypeOf(warning.message).toBeString();
    expectTypeOf(warning.connection).toEqualTypeOf<string | undefined>();
    expectTypeOf(warning.worker).toEqualTypeOf<number | undefined>();
    expectTypeOf(warning.at).toBeNumber();
    expectTypeOf(warning.suppressed).toBeNumber();
    if (warning.code === 'WORKER_BLOCKED') {
      expectTypeOf(warning.details).toEqualTypeOf<WarningDetails['WORKER_BLOCKED']>();
      expectTypeOf(warning.details.stack).toEqualTypeOf<string | undefined>();
    } else if (warning.code === 'LEASE_OVERDUE') {
      expectTypeOf(warning.details.token).toBeBigInt();
    } else if (warning.code === 'SEND_QUEUE_GROWING') {
      expectTypeOf(warning.details.queuedBytes).toBeNumber();
      // @ts-expect-error of another code
      warning.details.unacked;
    }
  });
});

test('limits are numbers, or false for none', () => {
  expectTypeOf<WarningOptions['blockedAfter']>().toEqualTypeOf<number | false | undefined>();
  expectTypeOf<WarningOptions['interval']>().toEqualTypeOf<number | undefined>();
  void createPool({ warnings: false, userTiming: true });
  // @ts-expect-error true is no limit
  void createPool({ warnings: { queuedBytes: true } });
});

test('channels have messages', () => {
  type Opened = DiagnosticsMessages['lws-pool:connection:opened'];
  expectTypeOf<Opened['attempt']>().toEqualTypeOf<ConnectAttempt | undefined>();
  expectTypeOf<Opened['connection']>().toEqualTypeOf<Connection | HandlerConnection>();
  type Failed = DiagnosticsMessages['lws-pool:lease:failed'];
  expectTypeOf<Failed['error']>().toEqualTypeOf<LwsPoolError>();
  const name: keyof DiagnosticsMessages = 'lws-pool:warning';
  channel(name);
});
