import { Latency } from './latency.mjs';

/**
 * What the runs of all threads that took part come to.
 *
 * @param {import('./runs.mjs').RunResult[]} results
 */
export function outcomeOf(results) {
  const total = (field) => results.reduce((sum, result) => sum + result[field], 0);
  const wrong = total('wrong');
  if (wrong > 0) throw new Error(`${wrong} messages were not what was sent`);
  const [start] = results.map((result) => result.start).sort((a, b) => a.seconds - b.seconds);
  const [end] = results.map((result) => result.end).sort((a, b) => b.seconds - a.seconds);
  const messages = total('messages');
  const outcome = { messages, units: messages, start, end };
  if (results[0].latency === undefined) return outcome;

  const latency = new Latency();
  for (const result of results) latency.add(result.latency);
  return { ...outcome, figures: { ...latency.figures(), achieved: total('achieved') } };
}
