// Running one kind of tests after the other, whatever becomes of the one before, under this Node.js or
// another one. What is counted is in reports.mjs.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fromRoot, root } from './files.mjs';
import { add, judge, summaryLine, summaryTable } from './reports.mjs';

/** @typedef {import('./reports.mjs').Result} Result */
/** @typedef {import('./reports.mjs').Row} Row */

/**
 * @typedef {object} Runner
 * @property {string} name
 * @property {Record<string, string[]>} [checks] programs that pass or fail as a whole: one test each
 * @property {string[]} [script] or one program that leaves JUnit reports,
 * @property {RegExp} [reports] in files with these names
 * @property {string} [node] the binary of the Node.js that runs them; default: this one
 * @property {() => Obstacle | undefined} [obstacle] why it cannot be run now
 */

/**
 * @typedef {object} Obstacle
 * @property {string} reason
 * @property {boolean} fails whether that is a failure, or else one skipped test
 */

const reportFolder = 'build/reports';
const minutesAllowed = 30;

/** A report of an earlier run must not pass for one of this run. */
export function forgetReports() {
  rmSync(fromRoot(reportFolder), { recursive: true, force: true });
  mkdirSync(fromRoot(reportFolder), { recursive: true });
}

/** Several of the tools colour their output even where it goes to a file. */
export function avoidColours() {
  if (!process.stdout.isTTY && !process.env.FORCE_COLOR) process.env.NO_COLOR = '1';
}

/**
 * Vitest, with some of its projects.
 *
 * @param {string} name
 * @param {string[]} projects
 * @param {{ files?: string[], node?: string }} [options] files: parts of their paths; default: all.
 *   node: as in a Runner
 * @returns {Runner}
 */
export function vitestRunner(name, projects, { files = [], node } = {}) {
  const report = `${name.replaceAll(' ', '-')}.xml`;
  const reporters = ['--reporter=default', '--reporter=junit'];
  const args = ['run', ...projects.flatMap((project) => ['--project', project]), ...files];
  const output = `--outputFile.junit=${reportFolder}/${report}`;
  return {
    name,
    script: ['node_modules/vitest/vitest.mjs', ...args, ...reporters, output],
    reports: new RegExp(`^${report.replaceAll('.', '\\.')}$`),
    ...(node && { node }),
  };
}

/**
 * Runs a Node.js script and says how it failed, if it did.
 *
 * @param {string[]} script
 * @param {string} [node] the binary
 * @returns {Promise<string | undefined>}
 */
function failureOf(script, node = process.execPath) {
  if (!existsSync(fromRoot(script[0] ?? ''))) return Promise.resolve(`${script[0]} is missing`);
  return new Promise((resolve) => {
    // What tests start by the name `node` must be the same.
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    // A process group of its own, so that ending it ends what it has started too.
    const child = spawn(node, script, { cwd: root, stdio: 'inherit', detached: true, env });
    let late = false;
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => child.pid && process.kill(-child.pid, signal);
    const timer = setTimeout(() => {
      late = true;
      end('SIGKILL');
    }, minutesAllowed * 60_000);
    // Ctrl-C reaches this group only: pass it on, then go the same way.
    /** @param {NodeJS.Signals} signal */
    const passOn = (signal) => {
      end(signal);
      process.exit(130);
    };
    process.once('SIGINT', passOn).once('SIGTERM', passOn);
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      if (late) resolve(`ended after ${minutesAllowed} minutes`);
      else if (signal) resolve(`died of ${signal}`);
      else resolve(code === 0 ? undefined : `exit status ${code}`);
    });
  });
}

/**
 * @param {Runner} runner
 * @returns {Promise<Result>}
 */
async function runOne({ name, checks = {}, script, reports, node, obstacle }) {
  const inTheWay = obstacle?.();
  if (inTheWay) {
    console.log(inTheWay.reason);
    if (inTheWay.fails) return judge(name, [], inTheWay.reason);
    return { name, counts: { passed: 0, failed: 0, skipped: 1 }, failures: [] };
  }
  if (script) {
    const trouble = await failureOf(script, node);
    const files = readdirSync(fromRoot(reportFolder)).filter((file) => reports?.test(file));
    const texts = files.map((file) => readFileSync(fromRoot(`${reportFolder}/${file}`), 'utf8'));
    return judge(name, texts, trouble);
  }
  const failures = [];
  for (const [check, command] of Object.entries(checks)) {
    const trouble = await failureOf(command, node);
    if (trouble) failures.push(`${check}: ${trouble}`);
  }
  const passed = Object.keys(checks).length - failures.length;
  return { name, counts: { passed, failed: failures.length, skipped: 0 }, failures };
}

/**
 * Runs them one after the other.
 *
 * @param {readonly Runner[]} runners
 * @returns {Promise<{ rows: Row[], failures: string[] }>} a row of the table for each, and what failed
 */
export async function runAll(runners) {
  const rows = [];
  const failures = [];
  for (const runner of runners) {
    console.log(`\n== ${runner.name}`);
    const began = performance.now();
    const { name, counts, failures: failed, note } = await runOne(runner);
    rows.push({ name, counts, seconds: (performance.now() - began) / 1000 });
    failures.push(...failed.map((failure) => `${name}: ${failure}`));
    if (note) failures.push(`${name}: ${note}`);
  }
  return { rows, failures };
}

/**
 * Prints what has become of a whole run; the last line is its sum.
 *
 * @param {readonly Row[]} table what to show
 * @param {readonly Row[]} rows what to add up
 * @param {readonly string[]} failures
 * @returns {number} the exit status
 */
export function conclude(table, rows, failures) {
  const nothing = { passed: 0, failed: 0, skipped: 0 };
  const total = rows.reduce((sum, { counts }) => add(sum, counts), nothing);
  if (failures.length > 0) console.log(`\nFailed:\n  ${failures.join('\n  ')}`);
  console.log(`\n${summaryTable(table)}`);
  console.log(`\n${summaryLine(total)}`);
  return total.failed > 0 ? 1 : 0;
}
