import { expect, inject, test } from 'vitest';
import { fetchNode, newestNode, nodePath } from '../../scripts/lib/nodes.mjs';
import { identity } from '../fixtures/certificates.js';
import { Project } from './project.js';

/** Instructions of that processor, and its C library from the cross compiler. */
const EMULATOR = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'];

/** Plain and with TLS, on the main thread and in handlers, with a lease of each. */
const PROGRAM = `
  import { createPool } from 'lws-pool';
  import { createTarget } from 'lws-pool/target';

  const { cert, key } = JSON.parse(process.argv[2]);
  const pool = await createPool({ threads: 1, connect: { tls: { ca: cert } } });
  for (const tls of [undefined, { cert, key }]) {
    const target = await createTarget({ host: "localhost", ...tls });
    const connection = await pool.connect(target.urls[0]);
    const answer = new Promise((resolve) => connection.once('message', resolve));
    connection.send(Buffer.alloc(100_000));
    const { length } = await answer;
    const protocol = await connection.withLease('exclusive', ({ tls }) => tls?.protocol);
    const handler = new URL('./handler.mjs', import.meta.url);
    const group = await pool.connectMany(target.urls[0], { count: 20, handler });
    await group.ready;
    console.log(length, protocol, group.opened);
    await group.close();
    await connection.close();
    await target.close();
  }
  await pool.close();
`;

const HANDLER = `
  import { defineHandler } from 'lws-pool';
  export default defineHandler({ open(connection) { connection.send('hello'); } });
`;

test.runIf(process.arch === 'x64')('the binary for arm64 works', async () => {
  expect(await fetchNode(newestNode, { architecture: 'arm64' })).toBeUndefined();
  using project = new Project({ 'all.mjs': PROGRAM, 'handler.mjs': HANDLER });
  const install = ['npm', 'install', '--no-audit', inject('tarball')];
  expect(await project.run(...install)).toMatchObject({ status: 0 });
  const { cert, key } = await identity('localhost');
  const run = [
    ...EMULATOR,
    nodePath(newestNode, 'arm64'),
    'all.mjs',
    JSON.stringify({ cert, key }),
  ];
  expect(await project.run(...run)).toEqual({
    status: 0,
    output: '100000 undefined 20\n100000 TLSv1.3 20\n',
  });
});
