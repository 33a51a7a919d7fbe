/** What is to happen when a signal aborts, in order, and the one listener that does it. */
interface Watch {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Calls back when the signal aborts. However many wait for one signal, it has one listener: ten
 * thousand connections may share a signal, and Node warns of a leak at eleven listeners.
 *
 * @param callback must not throw; never called for a signal that is aborted already
 * @returns takes the callback back; any number of times, also when it has been called
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const watch = watches.get(signal) ?? begin(signal);
  // A function of its own for each call, so that one callback may wait twice.
  const entry = () => callback();
  watch.callbacks.add(entry);
  return () => {
    watch.callbacks.delete(entry);
    if (watch.callbacks.size === 0 && watches.get(signal) === watch) end(signal, watch);
  };
}

function begin(signal: AbortSignal): Watch {
  const callbacks = new Set<() => void>();
  const listener = () => {
    end(signal, watch);
    for (const callback of callbacks) callback();
  };
  const watch: Watch = { callbacks, listener };
  watches.set(signal, watch);
  signal.addEventListener('abort', listener);
  return watch;
}

function end(signal: AbortSignal, { listener }: Watch): void {
  watches.delete(signal);
  signal.removeEventListener('abort', listener);
}
