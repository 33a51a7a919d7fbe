/** Bun's built-in WebSocket client, with compression off where the row does not ask for it; run by the bun binary. */
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { webSocketClient } from './contract/web-socket.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const options = {
  perMessageDeflate: workload.compression !== 'off',
  tls: workload.ca && { ca: workload.ca },
};
const client = webSocketClient(
  (url) => new WebSocket(url, options),
  () => Bun.gc(true),
  'nodebuffer',
);

const versions = { bun: Bun.version };
await report({ peer: 'bun', versions }, workload, () => runClient(client, workload));
