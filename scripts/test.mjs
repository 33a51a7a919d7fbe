// Runs every kind of test, one after the other, whatever becomes of the one before; then adds up
// their JUnit reports. The last line it prints is the sum.
//
//   node scripts/test.mjs                 all of them
//   node scripts/test.mjs unit native     these
//
// `npm test` sets everything up first. One that runs too long is ended, with all it started.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fromRoot, root } from './lib/files.mjs';
import { add, judge, summaryLine } from './lib/reports.mjs';

/** @typedef {import('./lib/reports.mjs').Result} Result */

/**
 * @typedef {object} Runner
 * @property {string} name
 * @property {Record<string, string[]>} [checks] programs that pass or fail as a whole: one test each
 * @property {string[]} [script] or one program that leaves JUnit reports,
 * @property {RegExp} [reports] in files with these names
 */

const reportFolder = 'build/reports';
const minutesAllowed = 30;

// Several of the tools colour their output even where it goes to a file.
if (!process.stdout.isTTY && !process.env.FORCE_COLOR) process.env.NO_COLOR = '1';

const biome = 'node_modules/@biomejs/biome/bin/biome';
const tsc = 'node_modules/typescript/bin/tsc';

/** @type {Runner[]} */
const runners = [
  {
    name: 'lint',
    checks: {
      biome: [
        biome,
        'ci',
        '--error-on-warnings',
        `--colors=${process.env.NO_COLOR ? 'off' : 'force'}`,
      ],
      layers: ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'tools/src'],
      'clang-format': ['scripts/clang-format.mjs', '--check'],
      'native layers': ['scripts/native-layers.mjs'],
      'API reference': ['scripts/api-docs.mjs', '--check'],
    },
  },
  {
    name: 'typecheck',
    checks: {
      'the library': [tsc, '--noEmit'],
      'the command line': [tsc, '--noEmit', '--project', 'tools'],
      'tests and scripts': [tsc, '--project', 'test'],
    },
  },
  { name: 'native', script: ['scripts/native-tests.mjs'], reports: /^native-.*\.xml$/ },
  { name: 'model', script: ['scripts/model-tests.mjs'], reports: /^model\.xml$/ },
  vitest('unit'),
  vitest('integration'),
  vitest('io_uring'),
  vitest('lifecycle'),
  vitest('types'),
  { name: 'asan', script: ['scripts/asan-tests.mjs'], reports: /^asan-.*\.xml$/ },
];

/**
 * @param {string} project
 * @returns {Runner}
 */
function vitest(project) {
  const output = `--outputFile.junit=${reportFolder}/${project}.xml`;
  const reporters = ['--reporter=default', '--reporter=junit', output];
  return {
    name: project,
    script: ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters],
    reports: new RegExp(`^${project}\\.xml$`),
  };
}

/**
 * Runs a Node.js script and says how it failed, if it did.
 *
 * @param {string[]} script
 * @returns {Promise<string | undefined>}
 */
function failureOf(script) {
  if (!existsSync(fromRoot(script[0] ?? ''))) return Promise.resolve(`${script[0]} is missing`);
  return new Promise((resolve) => {
    // A process group of its own, so that ending it ends what it has started too.
    const child = spawn(process.execPath, script, { cwd: root, stdio: 'inherit', detached: true });
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
async function runOne({ name, checks = {}, script, reports }) {
  if (script) {
    const trouble = await failureOf(script);
    const files = readdirSync(fromRoot(reportFolder)).filter((file) => reports?.test(file));
    const texts = files.map((file) => readFileSync(fromRoot(`${reportFolder}/${file}`), 'utf8'));
    return judge(name, texts, trouble);
  }
  const failures = [];
  for (const [check, command] of Object.entries(checks)) {
    const trouble = await failureOf(command);
    if (trouble) failures.push(`${check}: ${trouble}`);
  }
  const passed = Object.keys(checks).length - failures.length;
  return { name, counts: { passed, failed: failures.length, skipped: 0 }, failures };
}

/** @param {string[]} names */
async function main(names) {
  const unknown = names.filter((name) => !runners.some((runner) => runner.name === name));
  if (unknown.length > 0) {
    const known = runners.map((runner) => runner.name).join(', ');
    console.error(`No such tests: ${unknown.join(', ')}. There are: ${known}.`);
    return 2;
  }
  // A report of an earlier run must not pass for one of this run.
  rmSync(fromRoot(reportFolder), { recursive: true, force: true });
  mkdirSync(fromRoot(reportFolder), { recursive: true });

  let total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const table = [['', 'passed', 'failed', 'skipped', 'seconds']];
  for (const runner of runners) {
    if (names.length > 0 && !names.includes(runner.name)) continue;
    console.log(`\n== ${runner.name}`);
    const began = performance.now();
    const result = await runOne(runner);
    const { passed, failed, skipped } = result.counts;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    table.push([runner.name, `${passed}`, `${failed}`, `${skipped}`, seconds]);
    total = add(total, result.counts);
    failures.push(...result.failures.map((failure) => `${runner.name}: ${failure}`));
    if (result.note) failures.push(`${runner.name}: ${result.note}`);
  }

  if (failures.length > 0) console.log(`\nFailed:\n  ${failures.join('\n  ')}`);
  console.log('');
  for (const [name = '', ...columns] of table) {
    console.log(name.padEnd(12) + columns.map((column) => column.padStart(9)).join(''));
  }
  console.log(`\n${summaryLine(total)}`);
  return total.failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
