import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { generate } from 'selfsigned';
import { type WebSocket, WebSocketServer } from 'ws';

/** Servers that the child processes connect to; the path says what is done with a connection. */
export interface Servers {
  /** For the environment of a child process. */
  readonly env: Readonly<Record<string, string>>;
  /** Close codes that clients have sent, in order, since the last call. */
  takeCloseCodes(): number[];
  /** Lets every connection to /parked be upgraded, those to come as well. */
  unpark(): void;
  stop(): Promise<void>;
}

const NAME = 'localhost';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function startServers(): Promise<Servers> {
  const pems = await generate([{ name: 'commonName', value: NAME }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: NAME }] }],
  });
  const closeCodes: number[] = [];
  const parked: (() => void)[] = [];
  const sockets = new Set<Duplex>();
  const accept = new WebSocketServer({ noServer: true });

  const serve = (socket: WebSocket, path: string) => {
    socket.on('error', () => undefined);
    socket.on('close', (code) => closeCodes.push(code));
    if (path === '/flood') flood(socket);
    // "close": the server closes; "cut": it goes away without a word.
    socket.on('message', (data, binary) => {
      const text = binary ? '' : data.toString();
      if (text === 'close') socket.close(1000);
      else if (text === 'cut') socket.terminate();
      else if (path !== '/flood') socket.send(data, { binary });
    });
  };
  const wire = (server: HttpServer) => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      const path = request.url ?? '/';
      const upgrade = () =>
        accept.handleUpgrade(request, socket, head, (opened) => serve(opened, path));
      if (path === '/deaf') deaf(socket, request.headers['sec-websocket-key'] ?? '');
      else if (path === '/parked') parked.push(upgrade);
      else if (path !== '/silent') upgrade();
    });
    return server;
  };
  const plain = wire(createHttpServer());
  const tls = wire(createHttpsServer({ key: pems.private, cert: pems.cert }));
  // Takes connections and never says a word: a TLS handshake hangs here.
  const mute = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  const refused = createTcpServer();
  const refusedPort = await listen(refused);
  refused.close();

  return {
    env: {
      WS_URL: `ws://127.0.0.1:${await listen(plain)}`,
      WSS_URL: `wss://${NAME}:${await listen(tls)}`,
      MUTE_PORT: `${await listen(mute)}`,
      REFUSED_PORT: `${refusedPort}`,
      CERTIFICATE: pems.cert,
    },
    takeCloseCodes: () => closeCodes.splice(0),
    unpark() {
      for (const upgrade of parked.splice(0)) upgrade();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        [plain, tls, mute].map((server) => new Promise((resolve) => server.close(resolve))),
      );
    },
  };
}

/** Sends for as long as the connection takes it, a few messages a turn: others have theirs. */
function flood(socket: WebSocket): void {
  const payload = Buffer.alloc(512);
  const more = (failure?: Error | null) => {
    if (failure || socket.readyState !== socket.OPEN) return;
    for (let ahead = 0; ahead < 8; ahead++) socket.send(payload);
    socket.send(payload, (failed) => setImmediate(more, failed));
  };
  more();
}

/** Upgrades, and then never says a word: it answers no close frame. */
function deaf(socket: Duplex, key: string): void {
  const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.resume();
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${digest.digest('base64')}\r\n\r\n`,
  );
}
