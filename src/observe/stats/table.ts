import { COLUMNS, type ColumnName, isTime } from '../../base/columns.js';
import { describe } from '../../base/describe.js';
import { FIGURE, FIGURES, ROW, SEGMENT_ROWS } from '../../channel/figures.js';
import { type ConnectionStats, connectionStats } from '../../connection/stats.js';
import { createError } from '../../errors/errors.js';

/** Copies of one worker's figures. */
export interface Copied {
  readonly channel: number;
  readonly worker: number;
  readonly segments: readonly Float64Array[];
}

/** One connection: where it is, and where its figures lie. */
export interface TableRow {
  readonly of: Copied;
  readonly slot: number;
  readonly figures: Float64Array;
  readonly base: number;
}

/** The rows of a table, in the order of workers and slots. */
export let rowsOf: (table: ConnectionTable) => readonly TableRow[];
/** One figure of the rows of a table, as `column()` has it, row by row. */
export let readerOf: (table: ConnectionTable, name: ColumnName) => (row: number) => number;

/**
 * The connections of a pool at one instant, those of groups included: opening, open and closing.
 * The figures are copied at once; objects are made of them only when you ask for them.
 */
export class ConnectionTable implements Iterable<ConnectionStats> {
  readonly #rows: TableRow[] = [];
  readonly #offset: number;

  static {
    rowsOf = (table) => table.#rows;
    readerOf = (table, name) => table.#reader(name);
  }

  /** @internal */
  constructor(workers: readonly Copied[], offset: number) {
    this.#offset = offset;
    for (const of of workers) {
      for (const [index, figures] of of.segments.entries()) {
        for (let row = 0; row < SEGMENT_ROWS; row++) {
          const base = row * ROW;
          if (figures[base + FIGURE.state] === 0) continue;
          this.#rows.push({ of, slot: index * SEGMENT_ROWS + row, figures, base });
        }
      }
    }
  }

  /** Number of connections, that is of rows. */
  get size(): number {
    return this.#rows.length;
  }

  /** The connection in a row, counted from 0; undefined where there is none. */
  at(row: number): ConnectionStats | undefined {
    const found = this.#rows[row];
    return found && connectionStats(found, { ...found.of, slot: found.slot }, this.#offset);
  }

  /** The connection with an id; undefined where there is none. */
  get(id: string): ConnectionStats | undefined {
    return this.at(this.#rows.findIndex((row) => idOf(row) === id));
  }

  /**
   * One figure of all connections, in the order of the rows. Times as in {@link ConnectionPhases}; 0
   * for phases not reached.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  column(name: ColumnName): Float64Array {
    if (!COLUMNS.includes(name)) {
      throw createError('ERR_INVALID_ARGUMENT', {
        argument: 'name',
        got: describe(name),
        takes: `one of ${COLUMNS.join(', ')}`,
      });
    }
    const value = this.#reader(name);
    return Float64Array.from(this.#rows, (_, row) => value(row));
  }

  #reader(name: ColumnName): (row: number) => number {
    const index = FIGURES.indexOf(name);
    const offset = isTime(name) ? this.#offset : 0;
    return (row) => {
      const { figures, base } = this.#rows[row] as TableRow;
      const value = figures[base + index] as number;
      return value === 0 ? 0 : value + offset;
    };
  }

  /** Yields the connections in the order of the rows. */
  *[Symbol.iterator](): IterableIterator<ConnectionStats> {
    for (let row = 0; row < this.size; row++) yield this.at(row) as ConnectionStats;
  }
}

function idOf({ of, slot, figures, base }: TableRow): string {
  return `${of.channel}.${slot}.${figures[base + FIGURE.generation]}`;
}
