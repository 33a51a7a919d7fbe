/** Attributes that every value and span of a pool has. */
export type Attributes = Readonly<Record<string, string>>;

export const PREFIX = 'lws_pool.';

/** By the labels that Prometheus gets; where there is one, the name of the semantic conventions. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  worker: 'lws_pool.worker',
  state: 'lws_pool.connection.state',
  phase: 'lws_pool.connection.phase',
  code: 'error.type',
};

export function attributesOf(labels: Attributes, own: Attributes): Attributes {
  const named = Object.entries(labels).map(([name, value]) => [ATTRIBUTES[name] ?? name, value]);
  return { ...own, ...Object.fromEntries(named) };
}

/** What OpenTelemetry wants to know of a failure: a word of which there are few. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return String(code ?? name ?? '_OTHER');
}
