import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import { METRICS, type Metric } from '../metrics/metrics.js';
import type { MetricsSource } from '../metrics/source.js';
import { type Attributes, attributesOf, PREFIX } from './names.js';

/**
 * All counters and gauges, as instruments that are observed when a reader collects.
 *
 * @returns ends it
 */
export function observeMetrics(meter: Meter, source: MetricsSource, own: Attributes): () => void {
  const instruments = METRICS.map((metric) => ({ metric, instrument: create(meter, metric) }));
  const observe: BatchObservableCallback = (result) => {
    const reading = source.read();
    for (const { metric, instrument } of instruments) {
      for (const { labels, value } of metric.read(reading)) {
        // A close code is no error.
        const { code, ...others } = labels;
        const named =
          metric.otel === 'connection.closed' && code !== undefined
            ? { ...others, 'lws_pool.connection.close_code': code }
            : labels;
        result.observe(instrument, value, attributesOf(named, own));
      }
    }
  };
  const all = instruments.map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

function create(meter: Meter, { type, aggregator, otel, unit, help }: Metric) {
  const name = PREFIX + otel;
  const options = { unit, description: help };
  if (type === 'counter') return meter.createObservableCounter(name, options);
  // What has no meaning when it is added up.
  if (aggregator === 'max') return meter.createObservableGauge(name, options);
  return meter.createObservableUpDownCounter(name, options);
}
