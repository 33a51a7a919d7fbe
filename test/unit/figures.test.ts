import { expect, it } from 'vitest';
import { Figures } from '../../src/channel/figures.js';
import type { NativeEnd } from '../../src/native.js';

it('all segments are read, in whatever order their slots were asked for first', () => {
  const segments = Array.from({ length: 5 }, () => new Float64Array(1));
  const figures = new Figures({ figures: (index: number) => segments[index] } as NativeEnd);
  figures.row(64 * 3);
  expect(figures.segments()).toEqual(segments);
  segments.push(new Float64Array(1));
  expect(figures.segments()).toHaveLength(6);
});
