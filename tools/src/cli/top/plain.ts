import { columnsFor } from './columns.js';
import { renderHead } from './head.js';
import type { Picture } from './screen.js';
import type { State } from './state.js';
import { renderRows, renderTitles } from './table.js';
import { textOf } from './text.js';

/** For a file or a pipe: all columns, all workers, no colours. */
const WIDTH = 100;
const MOST_WORKERS = 256;

/** One look, as text. */
export function renderPlain(picture: Picture, state: State): string {
  const columns = columnsFor(WIDTH);
  const title = { ...picture.title, paused: false };
  const lines = [
    ...renderHead(title, picture.pool, WIDTH, MOST_WORKERS),
    renderTitles(columns, state, WIDTH),
    ...renderRows(picture.rows, columns, undefined, WIDTH),
  ];
  return lines.map(textOf).join('\n');
}
