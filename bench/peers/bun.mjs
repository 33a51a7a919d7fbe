/** Bun's built-in WebSocket client; run by the bun binary. */
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const options = { perMessageDeflate: false, tls: workload.ca && { ca: workload.ca } };

/** @type {import('./contract/client.mjs').Client} */
const client = {
  open(events) {
    const socket = new WebSocket(workload.url, options);
    socket.binaryType = 'nodebuffer';
    let isOpen = false;
    let reason = 'closed before it was open';
    socket.onopen = () => {
      isOpen = true;
      events.opened(socket);
    };
    socket.onmessage = (event) => events.message(socket, event.data);
    socket.onerror = (event) => {
      reason = event.message;
    };
    socket.onclose = (event) => {
      if (isOpen) events.closed(socket, event.code);
      else events.failed(reason);
    };
  },
  close: (socket) => socket.close(1000),
  collectGarbage: () => Bun.gc(true),
};

const versions = { bun: Bun.version };
await report({ peer: 'bun', versions }, workload, () => runClient(client, workload));
