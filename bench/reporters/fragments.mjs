import { existsSync, readFileSync } from 'node:fs';

/**
 * What people wrote, to stand around the figures: bench/docs/NAME.md, or nothing.
 *
 * @param {string} name
 */
export function fragment(name) {
  const file = new URL(`../docs/${name}.md`, import.meta.url);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}
