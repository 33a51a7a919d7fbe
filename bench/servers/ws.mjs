/**
 * A server on npm `ws`. It takes the command line of `lws-pool serve` as far
 * as the benchmark uses it, and prints the same line once it listens:
 *
 *     serve --port 0 [--port 0 ...] --mode echo|sink|flood --size B --json [--compress] [--tls --ca-out FILE]
 *     {"urls":["wss://127.0.0.1:40123/"],"ca":"FILE"}
 *
 * Like that server it gathers its writes: the answers to all that one turn of the
 * loop has read from a connection leave in one piece.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';
import { makeCertificate } from './certificate.mjs';

/** Bytes that a flood keeps in the queue of each connection. */
const ahead = 256 * 1024;

const serve = { echo, sink, flood };

const { values: options } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', multiple: true, default: ['0'] },
    mode: { type: 'string', default: 'echo' },
    size: { type: 'string', default: '64' },
    tls: { type: 'boolean', default: false },
    'ca-out': { type: 'string' },
    json: { type: 'boolean' },
    compress: { type: 'boolean', default: false },
  },
});
if (!serve[options.mode]) {
  throw new RangeError(`--mode takes ${Object.keys(serve).join(', ')}, not ${options.mode}`);
}
const payload = Buffer.alloc(Number(options.size), 'x');

const identity = options.tls ? await makeIdentity() : undefined;
const urls = await Promise.all(options.port.map(listen));
const ca = options.tls ? options['ca-out'] : undefined;
console.log(JSON.stringify({ urls, ca }));

async function listen(port) {
  const server = identity ? createTlsServer(identity) : createServer();
  const webSockets = new WebSocketServer({ server, perMessageDeflate: options.compress });
  webSockets.on('connection', (webSocket, { socket }) => {
    webSocket.on('error', () => webSocket.terminate());
    serve[options.mode](webSocket, socket);
  });
  server.listen({ port: Number(port), host: '127.0.0.1', backlog: 16_384 });
  await once(server, 'listening');
  return `${identity ? 'wss' : 'ws'}://127.0.0.1:${server.address().port}/`;
}

function echo(webSocket, socket) {
  let isGathering = false;
  const letGo = () => {
    isGathering = false;
    socket.uncork();
  };
  webSocket.on('message', (data, isBinary) => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      setImmediate(letGo);
    }
    webSocket.send(data, { binary: isBinary });
  });
}

/** Somebody has to listen: `ws` itself reads either way, but so it does all that it would do. */
function sink(webSocket) {
  webSocket.on('message', () => undefined);
}

function flood(webSocket, socket) {
  const fill = () => {
    socket.cork();
    while (webSocket.readyState === webSocket.OPEN && socket.writableLength < ahead) {
      webSocket.send(payload);
    }
    socket.uncork();
  };
  // A stream with less than its mark left to write says so once.
  socket.on('drain', fill);
  fill();
}

async function makeIdentity() {
  const { key, cert } = await makeCertificate();
  if (options['ca-out']) writeFileSync(options['ca-out'], cert);
  return { key, cert };
}
