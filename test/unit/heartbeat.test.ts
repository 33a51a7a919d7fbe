import { describe, expect, it } from 'vitest';
import { answer, Heartbeat } from '../../src/pool/trouble/heartbeat.js';

describe('Heartbeat', () => {
  it('tells once of a beat that is not answered in time', () => {
    const heartbeat = new Heartbeat();
    expect(heartbeat.overdue(0, 100)).toBeUndefined();
    const beat = heartbeat.next(0) as number;
    expect(heartbeat.next(50)).toBeUndefined();
    expect(heartbeat.overdue(99, 100)).toBeUndefined();
    expect(heartbeat.overdue(120, 100)).toBe(120);
    expect(heartbeat.overdue(500, 100)).toBeUndefined();
    answer(heartbeat.heart, beat);
    expect(heartbeat.overdue(600, 100)).toBeUndefined();
  });

  it('tells again of the next', () => {
    const heartbeat = new Heartbeat();
    answer(heartbeat.heart, heartbeat.next(0) as number);
    for (let time = 1000; time < 4000; time += 1000) {
      const beat = heartbeat.next(time) as number;
      expect(heartbeat.overdue(time + 200, 100)).toBe(200);
      answer(heartbeat.heart, beat);
      expect(heartbeat.overdue(time + 300, 100)).toBeUndefined();
    }
  });

  it('was answered in time, however late this thread looks', () => {
    const heartbeat = new Heartbeat();
    answer(heartbeat.heart, heartbeat.next(0) as number);
    expect(heartbeat.overdue(1e6, 100)).toBeUndefined();
  });
});
