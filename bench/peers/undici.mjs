/**
 * The WebSocket of npm `undici`, which is also the one that Node.js has built in, there in the
 * version of its release. Binary messages as an ArrayBuffer: a Blob, the default, would have to be
 * read asynchronously. It offers compression and cannot be told not to; the servers decline.
 */
import { createRequire } from 'node:module';
import { Agent, WebSocket } from 'undici';
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { tlsOptions } from './contract/tls.mjs';
import { webSocketClient } from './contract/web-socket.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const { version } = createRequire(import.meta.url)('undici/package.json');
const versions = { undici: version, node: process.versions.node };

// One for all, as its documentation has it; without it each connection would take the global one.
const dispatcher = new Agent({ connect: tlsOptions(workload.ca) });
const client = webSocketClient(
  (url) => new WebSocket(url, { dispatcher }),
  () => globalThis.gc(),
);

await report({ peer: 'undici', versions }, workload, () => runClient(client, workload));
