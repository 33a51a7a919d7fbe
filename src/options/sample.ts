import * as v from 'valibot';
import { COLUMNS, isTcpField, SAMPLE_FIELDS, type SampleField } from '../base/columns.js';
import { flag, group, integer, parseWith, signal } from './schema.js';

/** Options of `pool.sample()`. */
export interface SampleOptions {
  /** Time from one sample to the next. Milliseconds; default: 1,000. */
  readonly interval?: number | undefined;
  /** Reads TCP_INFO of every connection, in the workers. Default: whether `fields` name any of it. */
  readonly tcpInfo?: boolean | undefined;
  /** Which columns there are. Default: all, those of TCP where `tcpInfo` is true. */
  readonly fields?: readonly SampleField[] | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** Complete. */
export interface ResolvedSampleOptions {
  readonly interval: number;
  readonly fields: readonly SampleField[];
  readonly tcpInfo: boolean;
  readonly signal: AbortSignal | undefined;
}

const sampleSchema = group({
  interval: integer(10, 2 ** 31 - 1, ' (milliseconds)'),
  tcpInfo: flag,
  fields: v.pipe(
    v.array(v.picklist(SAMPLE_FIELDS, `one of ${SAMPLE_FIELDS.join(', ')}`), 'an array of names'),
    v.minLength(1, 'at least one name'),
  ),
  signal,
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseSampleOptions(input: SampleOptions | undefined): ResolvedSampleOptions {
  const given = parseWith(sampleSchema, input === undefined ? {} : input);
  const tcpInfo = given.tcpInfo ?? given.fields?.some(isTcpField) ?? false;
  const all = tcpInfo ? SAMPLE_FIELDS : COLUMNS;
  return {
    interval: given.interval ?? 1_000,
    tcpInfo,
    fields: Object.freeze([...new Set(given.fields ?? all)]),
    signal: given.signal,
  };
}
