import { EventEmitter } from 'node:events';
import { BaseConnection } from './base-connection.js';
import type { ConnectionEvents } from './events.js';
import { CORE } from './internal.js';
import type { MainCore } from './main-core.js';

/** A connection of the main thread, as far as its parts know it. */
export type EventedConnection = BaseConnection &
  EventEmitter<ConnectionEvents> & {
    readonly [CORE]: MainCore;
  };

class Evented extends EventEmitter<ConnectionEvents> {
  readonly [CORE]: MainCore;

  constructor(core: MainCore) {
    super();
    this[CORE] = core;
  }
}

const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(BaseConnection.prototype);
Object.defineProperties(Evented.prototype, members);

/**
 * The members of BaseConnection on an EventEmitter. There is one base class for that and for the
 * connections of handlers, which are very many: they are not to pay for listeners.
 */
export const EventedConnection = Evented as unknown as abstract new (
  core: MainCore,
) => EventedConnection;
