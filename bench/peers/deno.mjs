/**
 * Deno's built-in WebSocket client; run by the deno binary. It has no compression, and nothing to
 * set but the form of binary messages and the authority that is trusted.
 */
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { webSocketClient } from './contract/web-socket.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const options = workload.ca && {
  client: Deno.createHttpClient({ caCerts: [workload.ca.toString()] }),
};
const client = webSocketClient(
  (url) => new WebSocket(url, options),
  () => globalThis.gc(),
);

const versions = { deno: Deno.version.deno };
await report({ peer: 'deno', versions }, workload, () => runClient(client, workload));
