import { createServer } from 'node:net';
import { systemReason } from '../errors/phrases.js';

/** The target could not listen where it was told to. */
export class ListenError extends Error {
  constructor(host: string, port: number, reason: string) {
    super(`cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${reason}`);
    this.name = 'ListenError';
  }
}

/** libwebsockets does not say why it could not listen, so Node is asked to do the same. */
export function listenError(host: string, port: number): Promise<ListenError> {
  return new Promise((resolve) => {
    const server = createServer();
    const answer = (reason: string) => resolve(new ListenError(host, port, reason));
    server.on('error', (error: NodeJS.ErrnoException) => {
      answer(systemReason(error) ?? error.code ?? error.message);
    });
    server.listen(port, host, () => {
      server.close(() => answer('libwebsockets gives no reason'));
    });
  });
}
