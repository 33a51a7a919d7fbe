import { describe, expect, it } from 'vitest';
import { COLUMNS, type Column, columnsFor, findColumn } from '../../tools/src/cli/top/columns.js';
import { duration, short } from '../../tools/src/cli/top/numbers.js';
import { follow, initialState, onKey, type State } from '../../tools/src/cli/top/state.js';

const extent = {
  rows: 10,
  matching: 100,
  columns: columnsFor(80),
  selected: '1.5.1',
  beyond: 4,
};

const initial = initialState(findColumn('ID') as Column, '');

const pressed = (keys: readonly string[], from: State = initial, of = extent) =>
  keys.reduce((state, key) => onKey(state, key, of), from);

describe('keys', () => {
  it('move, and the list follows', () => {
    expect(pressed(['DOWN', 'DOWN', 'UP'])).toMatchObject({ cursor: 1, offset: 0 });
    expect(pressed(['END'])).toMatchObject({ cursor: 99, offset: 90 });
    expect(pressed(['END', 'HOME', 'UP'])).toMatchObject({ cursor: 0, offset: 0 });
    expect(pressed(['PAGE_DOWN', 'PAGE_DOWN', 'PAGE_UP'])).toMatchObject({
      cursor: 10,
      offset: 10,
    });
    expect(pressed(['G', 'k', 'j', 'j'])).toMatchObject({ cursor: 99, offset: 90 });
    expect(pressed(['DOWN'], initial, { ...extent, matching: 0 })).toMatchObject({ cursor: 0 });
  });

  it('sort by the column beside, the largest first where that is of interest', () => {
    expect(pressed(['LEFT']).sort.title).toBe('RTT');
    const age = pressed(['>', '>', '>', '>']);
    expect([age.sort.title, age.descending]).toEqual(['AGE', true]);
    expect(pressed(['END', 'r'])).toMatchObject({ descending: true, cursor: 0, offset: 0 });
    expect(pressed(['RIGHT', 'LEFT']).sort.title).toBe('ID');
  });

  it('type a filter, and what is typed is no command', () => {
    const typing = pressed(['/', 'q', ' ', 'r', 'BACKSPACE', 'UP', 'TAB']);
    expect(typing).toMatchObject({ typing: 'q ', filter: 'q ', quit: false, paused: false });
    const filtered = pressed(['ENTER'], typing);
    expect(filtered).toMatchObject({ typing: undefined, filter: 'q ' });
    expect(pressed(['ESCAPE'], typing)).toMatchObject({ typing: undefined, filter: '' });
    expect(pressed(['ESCAPE'], filtered)).toMatchObject({ filter: '', quit: false });
    expect(pressed(['ESCAPE', 'ESCAPE'], filtered)).toMatchObject({ quit: true });
    expect(pressed(['/', ...Array(300).fill('x')]).filter).toHaveLength(100);
  });

  it('show one connection, and lead back', () => {
    const one = pressed(['ENTER']);
    expect(one).toMatchObject({ detail: '1.5.1', scroll: 0 });
    expect(pressed(['PAGE_DOWN', 'UP'], one)).toMatchObject({ scroll: 3, cursor: 0 });
    expect(pressed(['ESCAPE'], one)).toMatchObject({ detail: undefined, quit: false });
    const none = pressed(['ENTER'], initial, { ...extent, selected: undefined as never });
    expect(none.detail).toBeUndefined();
  });

  it('pause, help and quit', () => {
    expect(pressed([' ']).paused).toBe(true);
    expect(pressed([' ', ' ']).paused).toBe(false);
    expect(pressed(['h', 'q'])).toMatchObject({ help: false, quit: false });
    for (const keys of [['q'], ['ESCAPE'], ['CTRL_C'], ['h', 'CTRL_C'], ['/', 'CTRL_C']]) {
      expect(pressed(keys).quit, keys.join()).toBe(true);
    }
  });

  it('that mean nothing change nothing', () => {
    for (const key of ['x', 'F1', 'constructor', '__proto__', '\x1b']) {
      expect(pressed([key])).toEqual(initial);
    }
  });
});

it('a list that has become shorter keeps the cursor in it', () => {
  const state = { ...initial, cursor: 99, offset: 90 };
  expect(follow(state, { rows: 10, matching: 15 })).toMatchObject({ cursor: 14, offset: 5 });
  expect(follow(state, { rows: 10, matching: 0 })).toMatchObject({ cursor: 0, offset: 0 });
});

it('the last columns go first where the terminal is narrow', () => {
  expect(columnsFor(86).map(({ title }) => title)).toEqual(COLUMNS.map(({ title }) => title));
  expect(columnsFor(80).at(-1)?.title).toBe('RTT');
  expect(columnsFor(1).map(({ title }) => title)).toEqual(['ID']);
});

it('columns are found by either name', () => {
  expect(findColumn('queue')?.name).toBe('queuedBytes');
  expect(findColumn('bytesSentRate')?.title).toBe('B/s>');
  expect(findColumn('nothing')).toBeUndefined();
});

it.each([
  [0, '0'],
  [0.04, '0'],
  [0.5, '0.5'],
  [9.94, '9.9'],
  [9.96, '10'],
  [999.4, '999'],
  [999.6, '1.0k'],
  [99_940, '99.9k'],
  [99_960, '100k'],
  [999_600, '1.0M'],
  [1e15, 'many'],
  [undefined, '-'],
  [Number.NaN, '-'],
])('%d is %s', (number, text) => {
  expect(short(number)).toBe(text);
});

it.each([
  [-5, '0us'],
  [0.081, '81us'],
  [0.9996, '1.0ms'],
  [9.96, '10ms'],
  [999.6, '1.0s'],
  [59_999, '59s'],
  [3_599_999, '59m'],
  [86_399_999, '23h'],
  [86_400_000 * 12, '12d'],
  [1e15, '9999d'],
  [undefined, '-'],
])('%d ms are %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
