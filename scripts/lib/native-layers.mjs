// Which folder of native/ may include from which, and whether a set of sources keeps to it.
import { posix } from 'node:path';

/**
 * From the bottom up. A folder includes from itself and from lower rows, never from its own row.
 * CONTRIBUTING.md says what is in each.
 */
export const layers = [
  ['core/base'],
  ['core/ws', 'core/bio', 'core/flight', 'core/stats', 'core/tls', 'core/keylog'],
  ['core/io'],
  ['core/cell', 'core/poll'],
  ['core/channel'],
  ['core/lease', 'core/net'],
  ['core/lws', 'core/ring', 'core/target'],
  ['bindings'],
  ['.'],
];

/** Headers of others, and the only folders that may know of them. */
export const foreign = new Map([
  ['libwebsockets.h', ['core/lws', 'bindings']],
  ['uv.h', ['bindings', '.']],
  ['napi.h', ['bindings', '.']],
  ['node_api.h', ['bindings', '.']],
]);

/**
 * @typedef {object} Include
 * @property {string} file
 * @property {number} line
 * @property {string} target as it is written
 * @property {boolean} own "…", not <…>
 */

/**
 * @param {string} file
 * @param {string} text
 * @returns {Include[]}
 */
function includesOf(file, text) {
  return text.split('\n').flatMap((code, index) => {
    const [, quote, target] = code.match(/^\s*#\s*include\s*(["<])([^">]+)[">]/) ?? [];
    return target === undefined ? [] : [{ file, line: index + 1, target, own: quote === '"' }];
  });
}

/**
 * A header and its source are one thing: what either includes, both depend on.
 *
 * @param {string} file
 */
function unitOf(file) {
  return file.replace(/\.(h|cc)$/, '');
}

/**
 * One way through the graph that ends where it began.
 *
 * @param {Map<string, Map<string, Include>>} graph by unit: what it includes, and where
 * @returns {Include[]} empty: there is none
 */
function findCircle(graph) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {Map<string, number>} the place in `path` of those on it */
  const open = new Map();
  /** @type {Include[]} */
  const path = [];
  /**
   * @param {string} unit
   * @returns {Include[]}
   */
  const visit = (unit) => {
    open.set(unit, path.length);
    for (const [next, include] of graph.get(unit) ?? []) {
      if (done.has(next)) continue;
      path.push(include);
      const from = open.get(next);
      const circle = from === undefined ? visit(next) : path.slice(from);
      if (circle.length > 0) return circle;
      path.pop();
    }
    open.delete(unit);
    done.add(unit);
    return [];
  };
  for (const unit of graph.keys()) {
    const circle = done.has(unit) ? [] : visit(unit);
    if (circle.length > 0) return circle;
  }
  return [];
}

/**
 * What breaks the rules, a line each: where, what, and what would be right.
 *
 * @param {Map<string, string>} sources their texts, by path under native/
 * @returns {string[]}
 */
export function layerProblems(sources) {
  const rowOf = new Map(layers.flatMap((row, index) => row.map((folder) => [folder, index])));
  /** @type {string[]} */
  const problems = [];
  /** @type {Map<string, Map<string, Include>>} */
  const graph = new Map();
  for (const [file, text] of sources) {
    const folder = posix.dirname(file);
    const row = rowOf.get(folder);
    if (row === undefined) {
      problems.push(`native/${file}:1: ${folder} has no place in scripts/lib/native-layers.mjs`);
      continue;
    }
    const allowed = [folder, ...layers.slice(0, row).flat()];
    for (const include of includesOf(file, text)) {
      const at = `native/${file}:${include.line}`;
      const knowers = foreign.get(include.target);
      if (knowers !== undefined && !knowers.includes(folder)) {
        problems.push(`${at}: only ${knowers.join(' and ')} may include <${include.target}>`);
      }
      if (!include.own) continue;
      const near = posix.join(folder, include.target);
      const target = [near, include.target].find((path) => sources.has(path));
      if (target === undefined) {
        problems.push(`${at}: there is no native/${near}`);
      } else if (!allowed.includes(posix.dirname(target))) {
        problems.push(
          `${at}: ${folder} may not include ${target}, only from ${allowed.join(', ')}`,
        );
      } else if (unitOf(target) !== unitOf(file)) {
        const known = graph.get(unitOf(file)) ?? new Map();
        graph.set(unitOf(file), known.set(unitOf(target), include));
      }
    }
  }
  const circle = findCircle(graph);
  if (circle.length > 0) {
    const way = circle.map(({ file, line, target }) => `native/${file}:${line} (${target})`);
    problems.push(`${way.join(' -> ')}: they include each other, one after the other`);
  }
  return problems;
}
