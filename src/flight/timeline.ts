import type { FlightEvent, FlightFacts, Recorded } from './kinds.js';

const ARROWS = { in: '<-', out: '->', none: '  ' };

/** A record as text: what it is of, then a line for each event. */
export function timeline(record: Recorded): string {
  const { events, lost } = record;
  const start = events[0]?.time ?? 0;
  const times = events.map(({ time }) => (time - start).toFixed(3));
  const widest = Math.max(0, ...times.map(({ length }) => length));
  const longest = Math.max(0, ...events.map(({ name }) => name.length));
  const lines = events.map(
    (event, index) =>
      `${times[index]?.padStart(widest)} ms ${ARROWS[event.direction ?? 'none']} ${row(event, longest)}`,
  );
  const title = [
    `connection ${record.id}`,
    ...(record.url === undefined ? [] : [`to ${record.url}`]),
    `on worker ${record.worker}`,
    ...(events.length === 0 ? [] : [`from ${new Date(start).toISOString()}`]),
  ].join(' ');
  if (lost > 0) lines.unshift(`(${lost} earlier ${lost === 1 ? 'event is' : 'events are'} lost)`);
  if (record.error !== undefined) lines.push(`ended with ${record.error}`);
  return [title, ...lines].join('\n');
}

function row({ name, facts }: FlightEvent, longest: number): string {
  const said = factsText(facts);
  return said === '' ? name : `${name.padEnd(longest)}  ${said}`;
}

export function factsText(facts: FlightFacts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${String(value).includes(' ') ? `"${value}"` : value}`)
    .join(' ');
}
