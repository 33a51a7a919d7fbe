/** The peers that are WebSocket clients. */
export const clients = ['ws', 'ws-bufferutil', 'bun', 'lws-pool'];

export const clientUnits = 'us: CPU time of the client, user + system; KB: 1,024 bytes';
