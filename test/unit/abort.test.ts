import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { onAbort } from '../../src/base/abort.js';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('calls everybody in order, through one listener', () => {
    const controller = new AbortController();
    const called: number[] = [];
    for (let at = 0; at < 20; at++) onAbort(controller.signal, () => called.push(at));
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect(called).toEqual(Array.from({ length: 20 }, (_, at) => at));
    expect(listeners(controller.signal)).toBe(0);
  });

  it('calls nobody who has left, and leaves with the last', () => {
    const controller = new AbortController();
    const [left, stayed] = [vi.fn(), vi.fn()];
    const leave = onAbort(controller.signal, left);
    const leaveLast = onAbort(controller.signal, stayed);
    leave();
    leave();
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect(left).not.toHaveBeenCalled();
    expect(stayed).toHaveBeenCalledTimes(1);
    leaveLast();
  });

  it('can be used again after all have left', () => {
    const controller = new AbortController();
    const callback = vi.fn();
    const leave = onAbort(controller.signal, callback);
    leave();
    expect(listeners(controller.signal)).toBe(0);
    onAbort(controller.signal, callback);
    leave();
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('lets one leave while others are called', () => {
    const controller = new AbortController();
    const never = vi.fn();
    onAbort(controller.signal, () => leave());
    const leave = onAbort(controller.signal, never);
    controller.abort();
    expect(never).not.toHaveBeenCalled();
  });

  it('calls the same function once for each time it waits', () => {
    const controller = new AbortController();
    const callback = vi.fn();
    onAbort(controller.signal, callback);
    onAbort(controller.signal, callback);
    controller.abort();
    expect(callback).toHaveBeenCalledTimes(2);
  });
});
