// One run of spin: a verifier is generated from a model, compiled, run, and its words are read.
import { mkdirSync, rmSync } from 'node:fs';
import { run } from './commands.mjs';
import { fromRoot } from './files.mjs';

/**
 * @typedef {'safety' | 'ending' | 'fairness'} Search
 *   safety: assertions, and that nobody is left waiting;
 *   ending: no run goes on for ever;
 *   fairness: the model's LTL property, if every thread that can go on does so sooner or later
 *
 * @typedef {object} Verdict
 * @property {string} [trouble] why there is no verdict: not generated, compiled or completed
 * @property {string} [error] the first error found, in pan's words
 * @property {Map<string, string>} unreached steps never taken, by process and number: what and where
 * @property {Map<string, string>} steps all of them, in the same way
 * @property {number} states
 * @property {number} megabytes
 */

/** @type {Record<Search, { compile: string[], run: string[] }>} */
const searches = {
  safety: { compile: ['-DSAFETY'], run: [] },
  ending: { compile: ['-DNP'], run: ['-l'] },
  // Not with -DREVERSE, although that is quicker: together with -f it missed a cycle that is there.
  fairness: { compile: ['-DNFAIR=3'], run: ['-a', '-f'] },
};

// More states would be a search that has grown out of hand, not one that needs more memory.
const megabytesAllowed = 2000;
const depthAllowed = 1_000_000;
// A search that did not look everywhere has shown nothing.
const incomplete = /max search depth too small|reached -DMEMLIM|out of memory|error: [^\n]*/;

/**
 * @param {string} model path from the project's root
 * @param {Search} search
 * @param {Record<string, number | string>} macros
 * @param {string} folder for what is made on the way
 * @returns {Promise<Verdict>}
 */
export async function verify(model, search, macros, folder) {
  rmSync(fromRoot(folder), { recursive: true, force: true });
  mkdirSync(fromRoot(folder), { recursive: true });
  const nothing = { unreached: new Map(), steps: new Map(), states: 0, megabytes: 0 };
  const defines = Object.entries(macros).map(([name, value]) => `-D${name}=${value}`);
  const [compiler = 'gcc', ...flags] = (process.env.CC || 'gcc').split(/\s+/);
  const { compile, run: options } = searches[search];

  const inFolder = { cwd: fromRoot(folder) };
  const generated = await run('spin', ['-a', ...defines, fromRoot(model)], inFolder);
  if (generated.status !== 0) return { ...nothing, trouble: `spin:\n${generated.output}` };
  const limits = [`-DMEMLIM=${megabytesAllowed}`, '-DCOLLAPSE'];
  // Optimising takes the compiler longer than it makes these searches shorter.
  const args = [...flags, '-O0', '-w', ...limits, ...compile, '-o', 'pan', 'pan.c'];
  const compiled = await run(compiler, args, inFolder);
  if (compiled.status !== 0) return { ...nothing, trouble: `compiler:\n${compiled.output}` };
  const { status, output } = await run(
    './pan',
    [`-m${depthAllowed}`, '-w20', ...options],
    inFolder,
  );
  // In a search of depth one nearly all is unreached: a list of all there is.
  const { stdout } = await run('./pan', ['-m1', '-w10'], inFolder);
  return { ...read(output, status), steps: unreachedSteps(stdout) };
}

/**
 * @param {string} output pan's
 * @param {number} status
 * @returns {Omit<Verdict, 'steps'>}
 */
function read(output, status) {
  const errors = output.match(/errors: (\d+)/)?.[1];
  const verdict = {
    unreached: unreachedSteps(output),
    states: Number(output.match(/^\s*([\d.e+]+) states, stored/m)?.[1] ?? 0),
    megabytes: Number(output.match(/([\d.]+)\s+total actual memory usage/)?.[1] ?? 0),
  };
  const trouble = output.match(incomplete)?.[0];
  if (trouble || errors === undefined) return { ...verdict, trouble: trouble ?? output };
  if (errors !== '0') {
    return { ...verdict, error: output.match(/^pan:\d+: (.*)$/m)?.[1] ?? `${errors} errors` };
  }
  if (status !== 0 || output.includes('Search not completed')) {
    return { ...verdict, trouble: `the search was not completed\n${output.slice(0, 2000)}` };
  }
  return verdict;
}

/** @param {string} output */
function unreachedSteps(output) {
  const steps = new Map();
  let where = '';
  for (const line of output.split('\n')) {
    where = line.match(/^unreached in (.*)$/)?.[1] ?? where;
    const [, at, number, text] = line.match(/^\t.*:(\d+), state (\d+), "(.*)"$/) ?? [];
    // Processes that serve for ever have an end all the same.
    if (text && text !== '-end-') steps.set(`${where} ${number}`, `${where}: ${text} (line ${at})`);
  }
  return steps;
}
