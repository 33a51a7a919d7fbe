/**
 * npm `websocket`, its client as it comes, with the optional package that masks in native code.
 * Only its fragmentation of messages above 16 KB is off: every peer sends a message in one frame.
 */
import { createRequire } from 'node:module';
import websocket from 'websocket';
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { tlsOptions } from './contract/tls.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const { version } = createRequire(import.meta.url)('websocket/package.json');
const versions = { websocket: version, node: process.versions.node };
const options = { fragmentOutgoingMessages: false, tlsOptions: tlsOptions(workload.ca) };

/** The contract's `send` under the name that it has here. */
class Socket {
  constructor(connection) {
    this.connection = connection;
  }

  send(data) {
    this.connection.sendBytes(data);
  }
}

/** @type {import('./contract/client.mjs').Client} */
const client = {
  open(events, url) {
    // A copy, because it takes out what it has read.
    const one = new websocket.client({ ...options });
    one.on('connectFailed', (error) => events.failed(error.message ?? String(error)));
    one.on('connect', (connection) => {
      const socket = new Socket(connection);
      connection.on('message', ({ binaryData }) => events.message(socket, binaryData));
      connection.on('error', (error) => console.error(error));
      connection.on('close', (code) => events.closed(socket, code));
      events.opened(socket);
    });
    one.connect(url);
  },
  close: ({ connection }) => connection.close(1000),
  collectGarbage: () => globalThis.gc(),
  unsent: ({ connection }) => connection.bytesWaitingToFlush,
};

await report({ peer: 'websocket', versions }, workload, () => runClient(client, workload));
