import { type Column, columnsFor } from './columns.js';
import { renderDetail } from './detail.js';
import { renderHead, type Title } from './head.js';
import type { PoolView } from './pool-view.js';
import type { State } from './state.js';
import { type Rows, renderFoot, renderRows, renderTitles } from './table.js';
import { cut, type Line, readable, span, spread } from './text.js';

/** All that is shown. */
export interface Picture {
  readonly title: Omit<Title, 'paused'>;
  readonly pool: PoolView;
  readonly rows: Rows;
  /** The single connection, in its own words; undefined: it is gone. */
  readonly detail: unknown;
  /** Milliseconds since the epoch, of the process that is watched. */
  readonly now: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Lines of the head without those of workers; titles and foot of the table. */
const FIXED = 4 + 2;
const MOST_WORKERS = 8;

const HELP: readonly (readonly [key: string, does: string])[] = [
  ['up, down, page up, page down, home, end', 'move (j, k, g and G as well)'],
  ['left, right (< >)', 'sort by the column before, or after'],
  ['r', 'turn the order around'],
  ['/', 'filter by id, state, type or address; escape ends it'],
  ['enter', 'show one connection with phases, TLS and TCP; escape leads back'],
  ['space', 'pause, and go on'],
  ['q, escape, Ctrl+C', 'quit'],
];

/** How many lines go to what. */
export function layout({ width, height }: Size, pool: PoolView) {
  const workers = Math.max(1, Math.min(MOST_WORKERS, pool.workers.length, Math.floor(height / 6)));
  return {
    workers,
    columns: columnsFor(width),
    rows: Math.max(1, height - FIXED - workers),
  };
}

/** The screen, line by line; never more of them than fit, never longer than fits. */
export function renderScreen(picture: Picture, state: State, size: Size): Line[] {
  const { workers, columns, rows } = layout(size, picture.pool);
  const title = { ...picture.title, paused: state.paused };
  const head = renderHead(title, picture.pool, size.width, workers);
  const below = size.height - head.length - 1;
  const lines = [...head, ...body(picture, state, size, columns, below)].slice(0, size.height - 1);
  while (lines.length < size.height - 1) lines.push([]);
  return [...lines, foot(picture, state, size, rows)].map((line) => cut(line, size.width));
}

function body(
  picture: Picture,
  state: State,
  { width }: Size,
  columns: readonly Column[],
  height: number,
): Line[] {
  if (state.help) return [bar('Keys', width), ...HELP.flatMap(helpLines)];
  if (state.detail !== undefined) {
    const lines = detailLines(picture, width);
    return [bar(readable(`Connection ${state.detail}`), width), ...lines.slice(state.scroll)].slice(
      0,
      height,
    );
  }
  return [
    renderTitles(columns, state, width),
    ...renderRows(picture.rows, columns, state.cursor, width),
  ];
}

/** Of the single connection, without their title. */
export function detailLines({ detail, now }: Picture, width: number): Line[] {
  if (detail === undefined) return [[span('It is closed.', 'warning')]];
  return renderDetail(detail, now, width);
}

function helpLines([key, does]: readonly [string, string]): Line[] {
  return [[span(`  ${key}`, 'strong')], [span(`      ${does}`)]];
}

function bar(text: string, width: number): Line {
  return [span(text.padEnd(width), 'bar')];
}

function foot(picture: Picture, state: State, { width }: Size, rows: number): Line {
  if (state.help) return [span('any key leads back', 'faint')];
  if (state.detail === undefined) return renderFoot(state, picture.rows, width);
  const beyond = detailLines(picture, width).length - rows;
  const more = state.scroll < beyond ? [span('more below')] : [];
  return spread([span('escape back  q quit  space pause', 'faint')], width, more);
}
