import { describe, expect, it } from 'vitest';
import { type MetricsOptions, parseMetricsOptions } from '../../src/options/options.js';

const refused = (option: string) =>
  expect.objectContaining({
    code: 'ERR_INVALID_OPTION',
    details: expect.objectContaining({ option }),
  });

describe('options of metrics()', () => {
  it('are labels, which are copied', () => {
    expect(parseMetricsOptions(undefined).labels).toEqual({});
    expect(parseMetricsOptions({}).labels).toEqual({});
    const labels = { pool: 'a', _b1: '' };
    const parsed = parseMetricsOptions({ labels });
    labels.pool = 'changed';
    expect(parsed.labels).toEqual({ pool: 'a', _b1: '' });
  });

  it.each([
    [null, 'options'],
    ['labels', 'options'],
    [{ label: {} }, 'label'],
    [{ labels: null }, 'labels'],
    [{ labels: ['pool'] }, 'labels'],
    [{ labels: { pool: 1 } }, 'labels.pool'],
    [{ labels: { pool: 'x'.repeat(257) } }, 'labels.pool'],
    [{ labels: { __name__: 'x' } }, 'labels.__name__'],
    [{ labels: { '1st': 'x' } }, 'labels.1st'],
    [{ labels: { '': 'x' } }, 'labels[""]'],
    [{ labels: { worker: 'x' } }, 'labels.worker'],
    [{ labels: { le: 'x' } }, 'labels.le'],
  ] as unknown as [MetricsOptions, string][])('are refused: %j', (options, option) => {
    expect(() => parseMetricsOptions(options)).toThrow(refused(option));
  });
});
