import type { FlightEvent, FlightFacts, Recorded } from './kinds.js';

/**
 * An event in Chrome's trace event format: `X` is a slice with a duration, `b` and `e` are the ends
 * of one that may overlap others, `i` is an instant, `M` names a process or a thread.
 */
export interface TraceEvent {
  /** Label of the slice or instant. */
  readonly name: string;
  /** Category, that of the flight event. */
  readonly cat?: string;
  /** Phase: the type of the event. */
  readonly ph: 'X' | 'b' | 'e' | 'i' | 'M';
  /** Microseconds. */
  readonly ts: number;
  /** Duration of `X`, microseconds. */
  readonly dur?: number;
  /** Id of the process. */
  readonly pid: number;
  /** Number of the row in the process: one per connection. */
  readonly tid: number;
  /** Of `b` and `e`: what belongs together. */
  readonly id?: string;
  /** Of `i`: the row it is drawn in. */
  readonly s?: 't';
  /** Facts of the event. */
  readonly args: FlightFacts;
}

/** In which row of the picture a connection is. */
export interface TraceRow {
  readonly pid: number;
  readonly tid: number;
}

/** What each phase is called from its event to the next one's. */
const PHASES: Readonly<Record<string, string>> = {
  queued: 'queue',
  begun: 'TCP',
  connected: 'TLS',
  secured: 'upgrade',
  opened: 'open',
};

const ENDS = new Set(['lease returned', 'lease revoked', 'lease expired', 'detached']);

/** An event with its time in the trace. */
type Timed = FlightEvent & { readonly ts: number };

type Slice = (name: string, cat: string, from: number, to: number, facts: FlightFacts) => void;

/**
 * The name of a row, its phases and leases as slices, all else as instants; sorted by `ts`.
 *
 * @param micros time of each event by the monotonic clock, microseconds
 */
export function traceOf(record: Recorded, micros: readonly number[], row: TraceRow): TraceEvent[] {
  const { id, url } = record;
  const events = record.events.map((event, index) => ({ ...event, ts: micros[index] as number }));
  const list: TraceEvent[] = [];
  const slice: Slice = (name, cat, ts, to, args) => {
    list.push({ name, cat, ph: 'X', ts, dur: to - ts, ...row, args });
  };
  phases(events, slice);
  leases(events, slice, (name, ts, to, args) => {
    const common = { name, cat: 'lease', id: `${id}/${args.lease}`, ...row, args };
    list.push({ ...common, ph: 'b', ts }, { ...common, ph: 'e', ts: to });
  });
  for (const { name, category, direction, ts, facts } of events) {
    if (category === 'phase' && PHASES[name] !== undefined) continue;
    const arrow = direction === undefined ? '' : direction === 'in' ? '<- ' : '-> ';
    list.push({ name: arrow + name, cat: category, ph: 'i', s: 't', ts, ...row, args: facts });
  }
  list.sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const title = url === undefined ? id : `${id} ${url}`;
  return [{ name: 'thread_name', ph: 'M', ts: 0, ...row, args: { name: title } }, ...list];
}

/** Each phase lasts until the next begins, the last until the last event. */
function phases(events: readonly Timed[], slice: Slice): void {
  const steps = events.filter(({ name, category }) => category === 'phase' && name in PHASES);
  const secure = steps.some(({ name }) => name === 'secured');
  const end = events.at(-1)?.ts ?? 0;
  for (const [index, { name, ts, facts }] of steps.entries()) {
    const called = name === 'connected' && !secure ? 'upgrade' : PHASES[name];
    slice(called as string, 'phase', ts, steps[index + 1]?.ts ?? end, facts);
  }
}

/** Exclusive ones lie inside of phases; shared ones may overlap. */
function leases(
  events: readonly Timed[],
  slice: Slice,
  overlap: (name: string, from: number, to: number, facts: FlightFacts) => void,
): void {
  const last = events.at(-1)?.ts ?? 0;
  const held = new Map<unknown, Timed>();
  const over = ({ ts, facts }: Timed, end: number) => {
    const name = `${facts.mode} lease ${facts.lease}`;
    if (facts.mode === 'exclusive') slice(name, 'lease', ts, end, facts);
    else overlap(name, ts, end, facts);
  };
  for (const event of events) {
    if (event.name === 'lease granted') held.set(event.facts.lease, event);
    if (!ENDS.has(event.name)) continue;
    const granted = held.get(event.facts.lease);
    if (granted !== undefined) over(granted, event.ts);
    held.delete(event.facts.lease);
  }
  for (const granted of held.values()) over(granted, last);
}
