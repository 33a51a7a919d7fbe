import { describe, expect, it } from 'vitest';
import { columns, wrap } from '../../tools/src/cli/layout.js';
import { bytes, counted, micros, perSecond, seconds } from '../../tools/src/cli/quantities.js';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 KB'],
    [999_499, '999 KB'],
    [999_500, '1.00 MB'],
    [78_200_000, '78.2 MB'],
    [5e15, '5,000 TB'],
  ])('%d bytes are %s', (number, text) => expect(bytes(number)).toBe(text));

  it.each([
    [0, '0 µs'],
    [812, '812 µs'],
    [999.6, '1.00 ms'],
    [12_100, '12.1 ms'],
    [3_600_000_000, '3,600 s'],
  ])('%d microseconds are %s', (number, text) => expect(micros(number)).toBe(text));

  it.each([
    [0, '0/s'],
    [12.54, '12.5/s'],
    [0.123_4, '0.123/s'],
    [244_386.4, '244,386/s'],
  ])('a pace of %d is %s', (number, text) => expect(perSecond(number)).toBe(text));

  it.each([
    [0.4199, '0.42 s'],
    [12.34, '12.3 s'],
    [1234.5, '1,235 s'],
  ])('%d seconds are %s', (number, text) => expect(seconds(number)).toBe(text));

  it('are counted in singular and plural', () => {
    expect(counted(1, 'connection')).toBe('1 connection');
    expect(counted(0, 'connection')).toBe('0 connections');
    expect(counted(1234, 'connection')).toBe('1,234 connections');
  });
});

describe('layout', () => {
  it('breaks between words', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('unbreakable', 4)).toEqual(['unbreakable']);
    expect(wrap('', 10)).toEqual(['']);
  });

  it('makes columns of what has different lengths', () => {
    expect(columns([['1', 'a'], ['1,000', 'bcd', '7'], ['2']], [0])).toEqual([
      '    1  a',
      '1,000  bcd  7',
      '    2',
    ]);
  });
});
