import { type ColumnName, isTcpField, isTime, type SampleField } from '../../base/columns.js';
import { describe } from '../../base/describe.js';
import { TCP_FIGURES, TCP_ROW, type TcpColumnName } from '../../base/tcp-columns.js';
import { epochOffset, FIGURE, FIGURES, ROW, SEGMENT_ROWS } from '../../channel/figures.js';
import { createError } from '../../errors/errors.js';

/** The memory of one worker's figures, as it is. */
export interface Sampled {
  readonly channel: number;
  readonly worker: number;
  readonly segments: readonly Float64Array[];
  readonly tcp: readonly Float64Array[];
}

/** The connections in one stretch of a worker's memory. */
interface Stretch {
  readonly channel: number;
  /** The slot of its first row. */
  readonly first: number;
  readonly figures: Float64Array;
  readonly tcp: Float64Array | undefined;
  readonly rows: readonly number[];
  readonly generations: readonly number[];
}

/**
 * The connections of a pool at one instant, those of groups included, as columns: arrays of numbers
 * that share one order. Columns of TCP have NaN for connections that could not be sampled: those held
 * by an exclusive lease, and those over Unix sockets.
 */
export class Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Names of its columns. */
  readonly fields: readonly SampleField[];
  /** Number of connections, that is of rows. */
  readonly size: number;
  readonly #columns: ReadonlyMap<SampleField, Float64Array>;
  readonly #stretches: readonly Stretch[];

  /** @internal */
  constructor(workers: readonly Sampled[], fields: readonly SampleField[]) {
    const offset = epochOffset();
    this.at = performance.timeOrigin + performance.now();
    this.fields = fields;
    this.#stretches = workers.flatMap(stretches);
    this.size = this.#stretches.reduce((sum, { rows }) => sum + rows.length, 0);
    this.#columns = new Map(fields.map((field) => [field, this.#read(field, offset)]));
  }

  /**
   * One figure of all connections. Times as in {@link ConnectionPhases}; 0 for phases not reached.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT where the field was not sampled
   */
  column(field: SampleField): Float64Array {
    const column = this.#columns.get(field);
    if (column !== undefined) return column;
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'field',
      got: describe(field),
      takes: `one of those sampled: ${this.fields.join(', ')}`,
    });
  }

  /** The id of the connection in a row, counted from 0; undefined where there is none. */
  id(row: number): string | undefined {
    if (!Number.isInteger(row)) return undefined;
    let at = row;
    for (const { channel, first, rows, generations } of this.#stretches) {
      const slot = rows[at];
      if (slot !== undefined) return `${channel}.${first + slot}.${generations[at]}`;
      at -= rows.length;
    }
    return undefined;
  }

  #read(field: SampleField, offset: number): Float64Array {
    const column = new Float64Array(this.size);
    let at = 0;
    for (const stretch of this.#stretches) {
      if (isTcpField(field)) readTcp(stretch, field, column, at);
      else readOwn(stretch, field, column, at);
      at += stretch.rows.length;
    }
    if (isTime(field)) {
      column.forEach((value, row) => {
        if (value > 0) column[row] = value + offset;
      });
    }
    return column;
  }
}

function stretches({ channel, segments, tcp }: Sampled): Stretch[] {
  return segments.map((figures, index) => {
    const rows: number[] = [];
    const generations: number[] = [];
    for (let row = 0; row < SEGMENT_ROWS; row++) {
      if (figures[row * ROW + FIGURE.state] === 0) continue;
      rows.push(row);
      generations.push(figures[row * ROW + FIGURE.generation] as number);
    }
    return { channel, first: index * SEGMENT_ROWS, figures, tcp: tcp[index], rows, generations };
  });
}

function readOwn({ figures, rows }: Stretch, field: string, into: Float64Array, from: number) {
  const index = FIGURES.indexOf(field as ColumnName);
  for (let i = 0; i < rows.length; i++) {
    into[from + i] = figures[(rows[i] as number) * ROW + index] as number;
  }
}

function readTcp(stretch: Stretch, field: string, into: Float64Array, from: number) {
  const { tcp, rows, generations } = stretch;
  const index = TCP_FIGURES.indexOf(field as TcpColumnName);
  for (let i = 0; i < rows.length; i++) {
    const base = (rows[i] as number) * TCP_ROW;
    // Of the connection that was there before.
    const own = tcp?.[base] === generations[i];
    into[from + i] = own ? (tcp?.[base + index] as number) : Number.NaN;
  }
}
