import { describe, expect, it, vi } from 'vitest';
import { createError } from '../../src/errors/errors.js';
import type { PlacementWorker } from '../../src/options/placement.js';
import { createPlacement } from '../../src/pool/placement.js';
import { thrownBy } from './support/thrown.js';

/** Workers with these numbers of connections; undefined is a worker that is not alive. */
function workers(...connections: (number | undefined)[]): PlacementWorker[] {
  return connections.map((count, index) => ({
    index,
    connections: count ?? 0,
    alive: count !== undefined,
  }));
}

describe('least-connections', () => {
  it('takes the worker with the fewest', () => {
    const place = createPlacement('least-connections');
    expect(place(workers(3, 1, 2))).toBe(1);
    expect(place(workers(3, 1, 0))).toBe(2);
    expect(place(workers(3, 1, 2))).toBe(1);
  });

  it('takes turns among equals', () => {
    const place = createPlacement('least-connections');
    const turns = Array.from({ length: 7 }, () => place(workers(5, 5, 9, 5)));
    expect(turns).toEqual([0, 1, 3, 0, 1, 3, 0]);
  });

  it('fills workers evenly', () => {
    const place = createPlacement('least-connections');
    const counts = [0, 7, 3];
    for (let opened = 0; opened < 20; opened++) {
      const index = place(workers(...counts)) ?? -1;
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts).toEqual([10, 10, 10]);
  });
});

describe('round-robin', () => {
  it('takes each in turn, however many it has', () => {
    const place = createPlacement('round-robin');
    expect(Array.from({ length: 5 }, () => place(workers(9, 0, 0)))).toEqual([0, 1, 2, 0, 1]);
  });

  it('goes on when workers come and go', () => {
    const place = createPlacement('round-robin');
    expect(place(workers(0, 0, 0))).toBe(0);
    expect(place(workers(0, undefined, 0))).toBe(2);
    expect(place(workers(0))).toBe(0);
  });
});

describe.each(['least-connections', 'round-robin'] as const)('%s', (policy) => {
  it('passes over workers that are not alive', () => {
    const place = createPlacement(policy);
    expect(place(workers(undefined, 5))).toBe(1);
    expect(place(workers(undefined, 5))).toBe(1);
  });

  it('answers nothing while none is alive, and goes on after that', () => {
    const place = createPlacement(policy);
    expect(place([])).toBe(undefined);
    expect(place(workers(undefined, undefined))).toBe(undefined);
    expect(place(workers(undefined, 1))).toBe(1);
  });

  it('answers the index of a worker, not its position', () => {
    const place = createPlacement(policy);
    expect(place([{ index: 7, connections: 0, alive: true }])).toBe(7);
  });

  it('has a memory for each placement', () => {
    expect(createPlacement(policy)(workers(0, 0))).toBe(0);
    expect(createPlacement(policy)(workers(0, 0))).toBe(0);
  });
});

describe('a function', () => {
  it('decides', () => {
    const policy = vi.fn(() => 1);
    const given = workers(0, 5, undefined);
    expect(createPlacement(policy)(given)).toBe(1);
    expect(policy).toHaveBeenCalledWith(given);
  });

  it('is not asked while no worker is alive', () => {
    const policy = vi.fn(() => 0);
    expect(createPlacement(policy)(workers(undefined))).toBe(undefined);
    expect(policy).not.toHaveBeenCalled();
  });

  it.each<[unknown, got: string]>([
    [2, 'the answer 2, which is not alive'],
    [3, 'the answer 3'],
    [-1, 'the answer -1'],
    [0.5, 'the answer 0.5'],
    [Number.NaN, 'the answer NaN'],
    ['0', 'the answer "0"'],
    [undefined, 'the answer undefined'],
    [Promise.resolve(0), 'the answer an instance of Promise'],
  ])('is refused for the answer %s', (answer, got) => {
    const place = createPlacement(() => answer as number);
    const error = thrownBy(() => place(workers(0, 0, undefined)));
    expect(error).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      details: { option: 'placement', got },
    });
    expect(error.message).toContain('the index of a worker that is alive');
  });

  it('is reported for an exception, which is the cause', () => {
    const cause = new Error('undecided');
    const place = createPlacement(() => {
      throw cause;
    });
    expect(thrownBy(() => place(workers(0)))).toMatchObject({ code: 'ERR_INVALID_OPTION', cause });
  });

  it('may refuse a connection with an error of this library', () => {
    const refusal = createError('ERR_TOO_MANY_CONNECTIONS', { limit: 5 });
    const place = createPlacement(() => {
      throw refusal;
    });
    expect(thrownBy(() => place(workers(0)))).toBe(refusal);
  });
});
