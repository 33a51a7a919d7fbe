import { createServer } from 'node:net';
import { createError, type LwsPoolError } from '../errors/errors.js';

/** libwebsockets does not say why it could not listen, so Node is asked to do the same. */
export function listenError(host: string, address: string, port: number): Promise<LwsPoolError> {
  return new Promise((resolve) => {
    const answer = (why: object, options?: ErrorOptions) =>
      resolve(createError('ERR_LISTEN', { host, port, ...why }, options));
    const server = createServer();
    server.on('error', (cause: NodeJS.ErrnoException) => answer({ errno: cause.code }, { cause }));
    server.listen(port, address, () => {
      server.close(() => answer({ reason: 'libwebsockets gives no reason' }));
    });
  });
}
