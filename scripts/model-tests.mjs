// Searches the model of the lease protocol, test/model/, with spin: everything that can happen in
// it, for each run of test/model/runs.mjs. Then breaks its rules one by one: each has to be found.
//
//   node scripts/model-tests.mjs             all
//   node scripts/model-tests.mjs observers   the runs and rules whose names contain this
//
// What was made stays in build/model/: in the folder of a failed run, `spin -k lease.pml.trail -p
// -g -D... ../../../test/model/lease.pml` shows the way to the error, with the macros of that run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { controls, runs } from '../test/model/runs.mjs';
import { fromRoot } from './lib/files.mjs';
import { junitReport } from './lib/junit.mjs';
import { inParallel } from './lib/native-build.mjs';
import { verify } from './lib/spin.mjs';

const model = 'test/model/lease.pml';
const report = 'build/reports/model.xml';

/** @type {{ name: string, seconds: number, failure?: string | undefined }[]} */
const results = [];

/**
 * @param {string} name
 * @param {number} began
 * @param {string | undefined} failure
 * @param {string} facts
 */
function note(name, began, failure, facts) {
  const seconds = (performance.now() - began) / 1000;
  results.push({ name, seconds, failure });
  const verdict = failure === undefined ? 'ok' : `FAILED: ${failure}`;
  console.log(`model: ${name}: ${verdict} (${facts}${seconds.toFixed(1)} s)`);
}

/** Steps that no run has taken so far. */
let untaken = /** @type {Map<string, string> | undefined} */ (undefined);
/** What a step does -> how often the model has it: an inline's steps are in each of its places. */
let copies = /** @type {Map<string, number>} */ (new Map());

/** @param {Iterable<string>} texts */
function count(texts) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** @param {string} name */
async function search(name) {
  const run = runs[name];
  if (!run) return;
  const began = performance.now();
  const folder = `build/model/${Object.keys(runs).indexOf(name)}`;
  const verdict = await verify(model, run.search, run.macros, folder);
  const { states, megabytes } = verdict;
  const failure = verdict.trouble ?? verdict.error;
  note(name, began, failure, `${states} states, ${megabytes.toFixed(0)} MB, `);
  const before = untaken ?? verdict.unreached;
  untaken = new Map([...before].filter(([step]) => verdict.unreached.has(step)));
  if (copies.size === 0) copies = count(verdict.steps.values());
}

/** @param {string} rule @param {string} name */
async function breakRule(rule, name) {
  const run = runs[name];
  if (!run) throw new Error(`no run is called "${name}"`);
  const began = performance.now();
  const macros = { ...run.macros, BREAK: rule };
  const { trouble, error } = await verify(model, run.search, macros, `build/model/${rule}`);
  const failure = trouble ?? (error === undefined ? 'no error was found' : undefined);
  note(`finds ${rule}`, began, failure, error ? `${error}, ` : '');
}

/** A step that is taken in none of its places would be a rule that was not looked at. */
function checkReach() {
  const left = [...count(untaken?.values() ?? [])]
    .filter(([text, times]) => times >= (copies.get(text) ?? 0))
    .map(([text]) => text);
  const failure = left.length > 0 ? `never taken:\n  ${left.join('\n  ')}` : undefined;
  note('every step is taken in some run', performance.now(), failure, '');
}

/** @param {string[]} words */
async function main(words) {
  /** @param {string} name */
  const chosen = (name) => words.every((word) => name.includes(word));
  const names = Object.keys(runs).filter(chosen);
  const rules = Object.entries(controls).filter(([rule]) => chosen(rule));

  // One large search at a time: that is what the memory is reckoned for.
  for (const name of names) await search(name);
  if (names.length === Object.keys(runs).length) checkReach();
  await inParallel(
    rules.map(([rule, name]) => async () => {
      await breakRule(rule, name);
      return true;
    }),
  );

  mkdirSync(fromRoot('build/reports'), { recursive: true });
  writeFileSync(fromRoot(report), junitReport('model', results));
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  console.log(`model: ${results.length - failed} passed, ${failed} failed`);
  return failed > 0 || results.length === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
