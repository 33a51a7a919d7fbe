import { type ConnectionUrl, type DebugColumn, parseConnectionUrl } from 'lws-pool';
import { createTarget, type Target, type TargetCounts } from 'lws-pool/target';
import { expectTypeOf, test } from 'vitest';

test('a target takes its options and answers its URLs', () => {
  expectTypeOf(createTarget).returns.resolves.toEqualTypeOf<Target>();
  expectTypeOf<Target['urls']>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<Target['counts']>().returns.toEqualTypeOf<TargetCounts>();
  void createTarget({ ports: [0, 0], mode: 'flood', size: 1024, cert: Buffer.alloc(1), key: '' });
  // @ts-expect-error there is no such mode
  void createTarget({ mode: 'loud' });
  // @ts-expect-error there are ports
  void createTarget({ port: 1 });
});

test('a URL is read as connect() reads it', () => {
  expectTypeOf(parseConnectionUrl).parameter(0).toEqualTypeOf<string | URL>();
  expectTypeOf(parseConnectionUrl).returns.toEqualTypeOf<ConnectionUrl>();
  expectTypeOf<ConnectionUrl['kind']>().toEqualTypeOf<'ws' | 'raw'>();
});

test('columns of a debug socket have names', () => {
  expectTypeOf<'remote' | 'bytesSentRate' | 'messagesSent'>().toExtend<DebugColumn>();
  // @ts-expect-error there is no such column
  const column: DebugColumn = 'beauty';
  void column;
});
