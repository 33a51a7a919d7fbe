import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Processes, not threads: the addon, its worker threads and its exit paths are what is tested.
    pool: 'forks',
    // `lws-pool` resolves through the exports map to dist/. Leave those files to Node.js, so that
    // the tests run what users run and not a transformed copy of it.
    server: { deps: { external: [/\/dist\/.*\.js$/] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          // The suites of what a poller has a part in, once more with the other one.
          name: 'io_uring',
          include: [
            'test/integration/{closing,closing-in-traffic,compression,connecting,flow-control,messages,send-stream,streams,tls-flood,unread}.test.ts',
            'test/integration/lease-*.test.ts',
          ],
          env: { LWSPOOL_TEST_POLLER: 'io_uring' },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'lifecycle',
          include: ['test/lifecycle/**/*.test.ts'],
          // They watch how long child processes take to end: not while others use the cores.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          // The package as it is published, installed and used: by `npm run test:package` alone.
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: 'test/package/setup.ts',
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/**/*.test-d.ts'],
            tsconfig: 'test/types/tsconfig.json',
          },
        },
      },
    ],
  },
});
