import { bareSocket } from '../lib/targets.mjs';

/** The peers that are WebSocket clients; the bare socket among them as their limit. */
export const clients = [
  'ws',
  'ws-bufferutil',
  'undici',
  'websocket',
  'deno',
  'bun',
  'gorilla',
  'lws',
  bareSocket,
  'lws-pool',
];

/** Those whose users write JavaScript: what a handler or a main thread costs is their question. */
export const scripted = clients.filter((name) => !['gorilla', 'lws', bareSocket].includes(name));

/** Those that can be told whether to compress. */
export const compressing = ['ws', 'bun', 'lws-pool'];

export const own = ['lws-pool'];

export const clientUnits = 'us: CPU time of the client, user + system; KB: 1,024 bytes';
