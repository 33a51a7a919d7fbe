import type { Fields } from '../channel/fields.js';
import { madeBy } from '../errors/made-by.js';
import { MAKE } from '../lease/internal.js';
import { BaseConnection } from './base-connection.js';
import { refuseAssignments } from './browser-properties.js';
import { ConnectionCore, type ConnectionPlace } from './core.js';

/** A connection as its handler sees it, on the thread of the worker. */
export class HandlerConnection extends BaseConnection {
  /** Yours: lws-pool neither reads nor writes it. */
  state: unknown;

  /** @internal */
  static [MAKE](
    place: ConnectionPlace,
    slot: number,
    generation: number,
    facts: Fields,
  ): HandlerConnection {
    return new HandlerConnection(new ConnectionCore(place, slot, generation, facts));
  }

  private constructor(core: ConnectionCore) {
    if (!(core instanceof ConnectionCore)) {
      throw madeBy('HandlerConnection', 'core', core, 'pool.connectMany(url, { handler })');
    }
    super(core);
  }
}

refuseAssignments(HandlerConnection.prototype, {
  onopen: 'The handler has a function "open" for that.',
  onmessage: 'The handler has a function "message" for that.',
  onclose: 'The handler has a function "close" for that.',
  onerror: 'The handler has a function "error" for that.',
  binaryType: 'Messages come as Buffers, always.',
});
