/**
 * npm `ws`, with compression off on both ends where the row does not ask for it, and one TLS context for all connections;
 * otherwise as it comes. With the optional package bufferutil, which masks in native
 * code, unless WS_NO_BUFFER_UTIL is set.
 */
import { createRequire } from 'node:module';
import WebSocket from 'ws';
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { tlsOptions } from './contract/tls.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const require = createRequire(import.meta.url);
const versionOf = (name) => require(`${name}/package.json`).version;
const versions = { ws: versionOf('ws'), node: process.versions.node };
let peer = 'ws';
if (!process.env.WS_NO_BUFFER_UTIL) {
  peer = 'ws-bufferutil';
  versions.bufferutil = versionOf('bufferutil');
}

const noTakeover = { serverNoContextTakeover: true, clientNoContextTakeover: true };
const compressions = { off: false, takeover: true, 'no-takeover': noTakeover };
const options = {
  perMessageDeflate: compressions[workload.compression],
  ...tlsOptions(workload.ca),
};

/** @type {import('./contract/client.mjs').Client} */
const client = {
  open(events, url) {
    const socket = new WebSocket(url, options);
    let isOpen = false;
    let reason = 'closed before it was open';
    socket.on('open', () => {
      isOpen = true;
      events.opened(socket);
    });
    socket.on('message', (data) => events.message(socket, data));
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', (code) => {
      if (isOpen) events.closed(socket, code);
      else events.failed(reason);
    });
  },
  close: (socket) => socket.close(1000),
  collectGarbage: () => globalThis.gc(),
};

await report({ peer, versions }, workload, () => runClient(client, workload));
