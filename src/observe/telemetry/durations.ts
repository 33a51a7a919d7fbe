import type { Meter } from '@opentelemetry/api';
import { DURATION_LIMITS } from '../../channel/durations.js';
import type { PoolObserver } from '../observer.js';
import { type Attributes, attributesOf, errorType, PREFIX } from './names.js';
import { phasesOf } from './phases.js';

/** OpenTelemetry has no histograms that are observed: these are told of each event. */
export function createDurations(meter: Meter, own: Attributes): PoolObserver {
  const histogram = (name: string, description: string) =>
    meter.createHistogram(PREFIX + name, {
      unit: 's',
      description,
      advice: { explicitBucketBoundaries: DURATION_LIMITS.map((limit) => limit / 1000) },
    });
  const connect = histogram('connection.duration', 'From connect() until it was open or failed.');
  const phases = histogram('connection.phase.duration', 'Phases of connections that were opened.');
  const wait = histogram('lease.wait', 'How long leases were waited for.');
  const hold = histogram('lease.hold', 'How long leases were held.');
  return {
    connecting() {
      const began = performance.now();
      const ended = (labels: Attributes) =>
        connect.record((performance.now() - began) / 1000, attributesOf(labels, own));
      return {
        opened(connection) {
          ended({});
          for (const { phase, from, to } of phasesOf(connection.stats().phases)) {
            phases.record((to - from) / 1000, attributesOf({ phase }, own));
          }
        },
        failed: (error) => ended({ code: errorType(error) }),
      };
    },
    leasing() {
      const asked = performance.now();
      let granted = asked;
      return {
        granted() {
          granted = performance.now();
          wait.record((granted - asked) / 1000, own);
        },
        failed: (error) =>
          wait.record(
            (performance.now() - asked) / 1000,
            attributesOf({ code: errorType(error) }, own),
          ),
        ended: () => hold.record((performance.now() - granted) / 1000, own),
      };
    },
  };
}
