import { count } from '../quantities.js';
import type { Column } from './columns.js';
import { number, part } from './numbers.js';
import type { State } from './state.js';
import { type Line, type Look, readable, sized, span, spread } from './text.js';

/** Rows of an answer, checked for what is used of them. */
export interface Rows {
  readonly total: number;
  readonly matching: number;
  readonly offset: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export const NO_ROWS: Rows = { total: 0, matching: 0, offset: 0, columns: [], rows: [] };

export function rowsOf(answer: unknown): Rows {
  const { columns, rows } = (answer ?? {}) as { columns?: unknown; rows?: unknown };
  return {
    total: number(part(answer, 'total')) ?? 0,
    matching: number(part(answer, 'matching')) ?? 0,
    offset: number(part(answer, 'offset')) ?? 0,
    columns: Array.isArray(columns) ? columns.map(String) : [],
    rows: Array.isArray(rows) ? rows.filter(Array.isArray) : [],
  };
}

/** The id in a row, as it is asked for. */
export function idIn({ columns, rows, offset }: Rows, cursor: number): string | undefined {
  const id = rows[cursor - offset]?.[columns.indexOf('id')];
  return typeof id === 'string' ? id : undefined;
}

export function renderTitles(
  columns: readonly Column[],
  { sort }: Pick<State, 'sort'>,
  width: number,
): Line {
  const titles = columns.flatMap((column, at) => [
    span(at === 0 ? '' : ' ', 'bar'),
    span(cell(column, column.title), column.name === sort.name ? 'selected' : 'bar'),
  ]);
  const used = titles.reduce((sum, { text }) => sum + text.length, 0);
  return [...titles, span(' '.repeat(Math.max(0, width - used)), 'bar')];
}

/** @param cursor the selected row; undefined: none is */
export function renderRows(
  rows: Rows,
  columns: readonly Column[],
  cursor: number | undefined,
  width: number,
): Line[] {
  const places = columns.map(({ name }) => rows.columns.indexOf(name));
  const stateAt = rows.columns.indexOf('state');
  return rows.rows.map((row, at): Line => {
    const cells = columns.map((column, index) => {
      const place = places[index] as number;
      return cell(column, place < 0 ? '' : column.show(row[place]));
    });
    const text = cells.join(' ');
    if (rows.offset + at === cursor) return spread([span(text, 'selected')], width).map(selected);
    return [span(text, lookOf(row[stateAt]))];
  });
}

function selected({ text }: { readonly text: string }) {
  return span(text, 'selected');
}

function lookOf(state: unknown): Look {
  return state === 'open' ? 'plain' : 'warning';
}

function cell({ width, right }: Column, text: string): string {
  return right && text.length <= width ? text.padStart(width) : sized(text, width);
}

/** The last line: what is typed, or which rows these are. */
export function renderFoot(state: State, rows: Rows, width: number): Line {
  const { matching, total, offset } = rows;
  const last = offset + rows.rows.length;
  const range =
    matching === 0 ? 'none' : `${count(offset + 1)}-${count(last)} of ${count(matching)}`;
  const of = matching === total ? '' : ` (${count(total)})`;
  const end = [span(range + of)];
  if (state.typing !== undefined) {
    return spread([span('filter: ', 'strong'), span(`${state.typing}_`)], width, end);
  }
  const filter = state.filter === '' ? '' : `"${readable(state.filter)}"  `;
  const keys = 'q quit  / filter  < > sort  r reverse  space pause  enter one';
  return spread([span(filter, 'strong'), span(keys, 'faint')], width, end);
}
