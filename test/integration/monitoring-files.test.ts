import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createPool } from 'lws-pool';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseExposition } from '../fixtures/exposition.js';
import { certificate } from '../fixtures/leases.js';
import { event } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const file = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
const page = file('monitoring.md');
const dashboard = JSON.parse(file('monitoring/grafana-dashboard.json'));
const alerts = parse(file('monitoring/alerts.yml'));

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const panels = dashboard.panels as readonly Panel[];
const rules = alerts.groups.flatMap(({ rules }: { rules: Rule[] }) => rules) as readonly Rule[];

/** An expression, and the texts that show labels of its result. */
interface Used {
  readonly where: string;
  readonly expr: string;
  readonly texts: readonly string[];
}
const used: readonly Used[] = [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: title, expr, texts: [legendFormat] })),
  ),
  ...rules.map(({ alert, expr, annotations }) => ({
    where: alert,
    expr,
    texts: Object.values(annotations),
  })),
];

/** Prometheus adds these to what it scrapes. */
const OF_TARGET = ['job', 'instance'];

interface Reality {
  /** Series by their names, with the labels that they have in a real scrape. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  readonly metrics: readonly string[];
}

let scraped: Promise<Reality> | undefined;

function reality(): Promise<Reality> {
  scraped ??= scrape();
  return scraped;
}

async function scrape(): Promise<Reality> {
  const identity = await certificate();
  const port = await wsServer(echo, {}, https.createServer(identity));
  const pool = await createPool({ threads: 1, tls: { ca: identity.cert } });
  const registry = new Registry();
  await pool.metrics(registry);
  const connection = await pool.connect(`wss://localhost:${port}/`);
  await pool.connect('ws://127.0.0.1:1/').catch(() => undefined);
  // It ends with an error, so that this has a series as well.
  const close = event(connection, 'close');
  const lease = await connection.lease('exclusive');
  lease.socket.write(Buffer.from('no record of TLS'));
  lease.release();
  await close;
  const families = parseExposition(await registry.metrics());
  await pool.close({ timeout: 1000 });
  const labels = new Map<string, Set<string>>();
  for (const { name, labels: own } of [...families.values()].flatMap(({ series }) => series)) {
    labels.set(name, new Set([...(labels.get(name) ?? []), ...Object.keys(own)]));
  }
  return { labels, metrics: [...families.keys()] };
}

/** Names of metrics with the labels that are asked of them. */
function* selectors(expr: string): Generator<{ name: string; labels: string[] }> {
  for (const [, name = '', braces = ''] of expr.matchAll(/\b(lws_pool_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
    yield { name, labels };
  }
}

/** Labels by which an expression groups, and those that a text shows. */
function labelsIn(expr: string, texts: readonly string[]): { grouped: string[]; shown: string[] } {
  const grouped = [...expr.matchAll(/\b(?:by|without|on|ignoring) ?\(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.split(',').map((label) => label.trim()),
  );
  const shown = texts.flatMap((text) =>
    [...text.matchAll(/\{\{ *(?:\$labels\.)?(\w+) *\}\}/g)].map(([, label = '']) => label),
  );
  return { grouped, shown };
}

describe('the dashboard and the alerts', () => {
  it('use metrics and labels that there are', async () => {
    const { labels: real } = await reality();
    expect(used.length).toBeGreaterThan(20);
    for (const { where, expr, texts } of used) {
      const asked = [...selectors(expr)];
      expect(asked, where).not.toEqual([]);
      const known = new Set(OF_TARGET);
      for (const { name, labels } of asked) {
        const own = real.get(name);
        expect(own, `${where}: ${name}`).toBeDefined();
        for (const label of own ?? []) known.add(label);
        for (const label of labels) {
          expect([...OF_TARGET, ...(own ?? [])], `${where}: ${name}`).toContain(label);
        }
      }
      const { grouped, shown } = labelsIn(expr, texts);
      for (const label of [...grouped, ...shown]) expect([...known], where).toContain(label);
      // What an expression groups away is not there to be shown.
      if (grouped.length > 0) for (const label of shown) expect(grouped, where).toContain(label);
    }
  });

  it('use every metric, and the page has a line for each', async () => {
    const { metrics } = await reality();
    const all = used.map(({ expr }) => expr).join('\n');
    const listed = [...page.matchAll(/^\| `(lws_pool_\w+)`/gm)].map(([, name = '']) => name);
    expect(new Set(listed).size).toBe(listed.length);
    expect([...listed].sort()).toEqual([...metrics].sort());
    for (const name of metrics)
      expect(all, name).toMatch(new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`));
  });

  it('ask histograms for their buckets', () => {
    const quantiles = used.filter(({ expr }) => expr.includes('histogram_quantile'));
    expect(quantiles.length).toBeGreaterThan(0);
    for (const { expr, where } of quantiles) {
      expect(expr, where).toMatch(/sum by \([^)]*\ble\b/);
      expect(
        [...selectors(expr)].every(({ name }) => name.endsWith('_bucket')),
        where,
      ).toBe(true);
    }
  });
});

it('the dashboard can be imported: its data source is a variable, and no panels overlap', () => {
  expect(dashboard.id).toBeUndefined();
  const [source, ...others] = dashboard.templating.list;
  expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
  for (const { datasource, definition } of others) {
    expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
    expect(definition).toMatch(/^label_values\(lws_pool_worker_up\b/);
  }
  const cells = new Set<string>();
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    expect(x + w).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        expect(cells.has(`${column}.${line}`), panel.title).toBe(false);
        cells.add(`${column}.${line}`);
      }
    }
    for (const { datasource } of (panel as { targets?: { datasource: { uid: string } }[] })
      .targets ?? []) {
      expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
    }
  }
  const ids = dashboard.panels.map(({ id }: { id: number }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

it('alerts have a severity, say what is wrong, and each has its own name', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { labels, annotations } of rules) {
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/./);
    expect(annotations.description).toMatch(/./);
  }
});
