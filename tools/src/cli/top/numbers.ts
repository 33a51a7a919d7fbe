/** Numbers in at most five columns; "-" for what is not known. */

const UNKNOWN = '-';

/** `0.5`, `812`, `24.1k`, `1.2M` */
export function short(number: number | undefined): string {
  if (number === undefined || !Number.isFinite(number)) return UNKNOWN;
  if (number < 0.05) return '0';
  if (number < 9.95) return number.toFixed(1).replace(/\.0$/, '');
  if (number < 999.5) return number.toFixed(0);
  for (const unit of ['k', 'M', 'G', 'T']) {
    const scaled = number / 1e3 ** ('kMGT'.indexOf(unit) + 1);
    if (scaled < 99.95) return `${scaled.toFixed(1)}${unit}`;
    if (scaled < 999.5) return `${scaled.toFixed(0)}${unit}`;
  }
  return 'many';
}

/** Of milliseconds: `81us`, `1.2ms`, `12ms`, `1.2s`, `59s`, `12m`, `3h`, `12d` */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return UNKNOWN;
  const ms = Math.max(0, milliseconds);
  if (ms < 0.9995) return `${(ms * 1e3).toFixed(0)}us`;
  if (ms < 9.95) return `${ms.toFixed(1)}ms`;
  if (ms < 999.5) return `${ms.toFixed(0)}ms`;
  const s = ms / 1e3;
  if (s < 9.95) return `${s.toFixed(1)}s`;
  if (s < 60) return `${Math.floor(s)}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h`;
  return `${Math.min(9999, Math.floor(s / 86_400))}d`;
}

/** A number out of an answer; undefined where it is none. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** One level into an answer. */
export function part(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
