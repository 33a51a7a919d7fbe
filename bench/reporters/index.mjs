import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { docsPage } from '../lib/options.mjs';
import { makePage } from '../lib/page.mjs';
import { tableText } from './table.mjs';

/**
 * Writes reports where they were asked for. What draws charts is loaded by those who need it: it
 * is large.
 *
 * @param {import('../lib/page.mjs').Report[]} reports
 * @param {{ reporter: 'table' | 'json' | 'html' | 'markdown', out?: string }} options
 */
export async function writeReports(reports, { reporter, out }) {
  if (reporter === 'json') return write(out, jsonText(reports.length === 1 ? reports[0] : reports));
  const page = makePage(reports);
  if (reporter === 'table') return write(out, tableText(page));
  if (reporter === 'html') {
    const { htmlText } = await import('./html.mjs');
    return write(out, htmlText(page));
  }
  const { markdownFiles } = await import('./markdown.mjs');
  const target = out ?? docsPage;
  for (const [path, text] of markdownFiles(page, basename(target))) {
    write(join(dirname(target), path), text);
  }
}

export const jsonText = (report) => `${JSON.stringify(report, null, 2)}\n`;

/** @param {string | undefined} file  undefined: standard output */
export function write(file, text) {
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.error(`wrote ${file}`);
}
