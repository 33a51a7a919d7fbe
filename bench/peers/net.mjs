/** `node:net`: sockets of Node itself, which libuv reads and writes one by one. */
import { once } from 'node:events';
import net from 'node:net';
import { byEvents, runRequests, upgrade } from './contract/requests.mjs';
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();

async function open() {
  const { hostname, port } = new URL(workload.url);
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  socket.write(upgrade(workload.url));
  await once(socket, 'data');
  return byEvents({
    send: (bytes) => socket.write(bytes),
    onData: (take) => socket.on('data', take),
  });
}

await report({ peer: 'net', versions: { node: process.versions.node } }, workload, async () =>
  runRequests(await Promise.all(Array.from({ length: workload.connections }, open)), workload),
);
