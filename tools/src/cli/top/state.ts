import { COLUMNS, type Column } from './columns.js';

/** What the user wants to see; keys make another one of it. */
export interface State {
  readonly sort: Column;
  readonly descending: boolean;
  readonly filter: string;
  /** A filter that is being typed. */
  readonly typing: string | undefined;
  /** The selected row, from the first one of all that match. */
  readonly cursor: number;
  /** The first row that is shown. */
  readonly offset: number;
  readonly paused: boolean;
  readonly help: boolean;
  /** Id of the connection that is shown alone. */
  readonly detail: string | undefined;
  /** First line of that. */
  readonly scroll: number;
  readonly quit: boolean;
}

/** What of the screen keys depend on. */
export interface Extent {
  /** Rows that fit. */
  readonly rows: number;
  readonly matching: number;
  /** Columns that are shown. */
  readonly columns: readonly Column[];
  /** Id of the selected connection. */
  readonly selected: string | undefined;
  /** Lines of the single connection beyond those that fit. */
  readonly beyond: number;
}

const LONGEST_FILTER = 100;

export function initialState(sort: Column, filter: string): State {
  return {
    sort,
    descending: sort.descending,
    filter,
    typing: undefined,
    cursor: 0,
    offset: 0,
    paused: false,
    help: false,
    detail: undefined,
    scroll: 0,
    quit: false,
  };
}

/** @param name as terminal-kit names keys; a character is itself */
export function onKey(state: State, name: string, extent: Extent): State {
  if (name === 'CTRL_C') return { ...state, quit: true };
  if (state.typing !== undefined) return onFilterKey(state, state.typing, name);
  if (state.help) return { ...state, help: false };
  if (name === 'q') return { ...state, quit: true };
  if (name === ' ') return { ...state, paused: !state.paused };
  if (name === 'h' || name === '?') return { ...state, help: true };
  return state.detail === undefined
    ? onTableKey(state, name, extent)
    : onDetailKey(state, name, extent);
}

function onFilterKey(state: State, typing: string, name: string): State {
  switch (name) {
    case 'ENTER':
    case 'KP_ENTER':
      return { ...state, typing: undefined };
    case 'ESCAPE':
      return top({ ...state, filter: '', typing: undefined });
    case 'BACKSPACE':
      return typed(state, typing.slice(0, -1));
    default:
      return /^[\x20-\x7e]$/.test(name) && typing.length < LONGEST_FILTER
        ? typed(state, typing + name)
        : state;
  }
}

/** The table follows while it is typed. */
function typed(state: State, typing: string): State {
  return top({ ...state, typing, filter: typing });
}

function onTableKey(state: State, name: string, extent: Extent): State {
  switch (name) {
    case 'ESCAPE':
      return state.filter === '' ? { ...state, quit: true } : top({ ...state, filter: '' });
    case '/':
      return { ...state, typing: state.filter };
    case 'ENTER':
    case 'KP_ENTER':
      return { ...state, detail: extent.selected, scroll: 0 };
    case 'r':
      return top({ ...state, descending: !state.descending });
    case 'LEFT':
    case '<':
      return sortBy(state, extent, -1);
    case 'RIGHT':
    case '>':
      return sortBy(state, extent, 1);
    default: {
      const cursor = moved(name, state.cursor, extent.rows, extent.matching - 1);
      return cursor === undefined ? state : follow({ ...state, cursor }, extent);
    }
  }
}

function onDetailKey(state: State, name: string, { rows, beyond }: Extent): State {
  if (name === 'ESCAPE' || name === 'ENTER' || name === 'BACKSPACE') {
    return { ...state, detail: undefined };
  }
  const scroll = moved(name, state.scroll, rows, beyond);
  return scroll === undefined ? state : { ...state, scroll };
}

/** Where a key leads, between 0 and the last; undefined for a key that leads nowhere. */
function moved(name: string, from: number, page: number, last: number): number | undefined {
  const to: Readonly<Record<string, number>> = {
    UP: from - 1,
    k: from - 1,
    DOWN: from + 1,
    j: from + 1,
    PAGE_UP: from - page,
    PAGE_DOWN: from + page,
    HOME: 0,
    g: 0,
    END: last,
    G: last,
  };
  if (!Object.hasOwn(to, name)) return undefined;
  return Math.max(0, Math.min(last, to[name] as number));
}

function sortBy(state: State, { columns }: Extent, by: number): State {
  const at = columns.findIndex(({ name }) => name === state.sort.name);
  const sort = columns[(at + by + columns.length) % columns.length] ?? (COLUMNS[0] as Column);
  return top({ ...state, sort, descending: sort.descending });
}

function top(state: State): State {
  return { ...state, cursor: 0, offset: 0 };
}

/** Keeps the cursor within the list, and the list around the cursor. */
export function follow(state: State, { rows, matching }: Pick<Extent, 'rows' | 'matching'>): State {
  const cursor = Math.max(0, Math.min(state.cursor, matching - 1));
  const lowest = Math.max(0, cursor - rows + 1);
  const highest = Math.min(cursor, Math.max(0, matching - rows));
  const offset = Math.max(lowest, Math.min(state.offset, highest));
  return { ...state, cursor, offset: Math.max(0, offset) };
}
