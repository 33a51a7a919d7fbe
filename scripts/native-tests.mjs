// Builds native/core as plain programs, without Node.js and without libwebsockets, together with
// test/native, and runs the tests under sanitizers.
//
//   node scripts/native-tests.mjs              every variant, a short run
//   node scripts/native-tests.mjs --stress     random tests run for 30 s each
//   node scripts/native-tests.mjs --bench      the bench_*.cc programs instead, built with -O3
//   node scripts/native-tests.mjs asan         one variant
//   node scripts/native-tests.mjs asan -- --test-case='utf8*'    and arguments for doctest
//
// LWSPOOL_TEST_SEED repeats random tests, LWSPOOL_TEST_SECONDS says how long they run. Only what
// changed is compiled. Results go to build/reports/native-<variant>.xml, in JUnit's format.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { answer, run } from './lib/commands.mjs';
import { filesUnder, fromRoot } from './lib/files.mjs';
import { escapeXml } from './lib/junit.mjs';
import { inParallel, plan } from './lib/native-build.mjs';

/** @typedef {import('./lib/native-build.mjs').Variant} Variant */

// What is tested runs optimised. Of the tests themselves hardly any takes long to run, and all of
// them to compile. Line numbers (-g1) are all that a sanitizer's report needs.
const kinds = [
  { folder: 'native/core', flags: ['-O1'], precompiled: 'test/native/precompiled/core.h' },
  { folder: 'test/native', flags: ['-O0'], precompiled: 'test/native/precompiled/tests.h' },
];
/** @type {Record<string, Variant>} */
const tests = {
  asan: {
    flags: ['-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
    kinds,
    env: {
      ASAN_OPTIONS: 'detect_stack_use_after_return=1:strict_string_checks=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
  tsan: {
    flags: ['-g1', '-fsanitize=thread'],
    kinds,
    env: { TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1' },
  },
};
/** @type {Variant} */
const bench = { flags: ['-O3', '-DNDEBUG'] };

/** @param {string} source */
function isBench(source) {
  return basename(source).startsWith('bench_');
}

/** Sources that the programs share, and those of the tests or of the benchmarks. */
function sources() {
  const core = filesUnder('native/core', ['.cc']).filter((f) => !f.startsWith('native/core/lws/'));
  const own = filesUnder('test/native', ['.cc']);
  return {
    core,
    tests: own.filter((source) => !isBench(source)),
    benches: own.filter(isBench),
  };
}

/** @param {string} text */
function unescapeXml(text) {
  const named = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => Reflect.get(named, name));
}

/**
 * What a JUnit report says, as far as it got.
 *
 * @param {string} file
 */
function readReport(file) {
  const xml = existsSync(fromRoot(file)) ? readFileSync(fromRoot(file), 'utf8') : '';
  const cases = xml.match(/<testcase\b[^>]*\/>|<testcase\b[\s\S]*?<\/testcase>/g) ?? [];
  const failures = cases.filter((text) => /<(failure|error)\b/.test(text));
  return { complete: xml.includes('</testsuites>'), cases: cases.length, failures };
}

/**
 * A report for a run that ended before doctest could write its own.
 *
 * @param {string} file
 * @param {string} name
 * @param {string} output
 */
function writeFailure(file, name, output) {
  const text = escapeXml(output.slice(-20_000));
  writeFileSync(
    fromRoot(file),
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="native ${name}">` +
      `<testcase classname="native-tests" name="the ${name} run comes to its end">` +
      `<failure message="see the text">${text}</failure></testcase></testsuite></testsuites>\n`,
  );
}

/**
 * Runs the tests of one variant, writes its report and says how it went.
 *
 * @param {string} name
 * @param {Variant} variant
 * @param {string} folder
 * @param {string[]} doctestArgs
 */
async function test(name, { env = {} }, folder, doctestArgs) {
  const report = `build/reports/native-${name}.xml`;
  const program = fromRoot(`${folder}/tests`);
  const args = ['--reporters=junit', `--out=${fromRoot(report)}`, ...doctestArgs];
  // The runtime of older TSan does not bear the address randomisation of newer kernels; switching
  // it off is not allowed in every container, nor needed in most.
  const fixed = name === 'tsan' && answer('setarch', ['-R', 'true']) !== undefined;
  const [command = '', ...rest] = fixed ? ['setarch', '-R', program, ...args] : [program, ...args];
  const began = performance.now();
  const { status, output } = await run(command, rest, { env: { ...env, ...process.env } });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);

  const { complete, cases, failures } = readReport(report);
  const broken = !complete || (status !== 0 && failures.length === 0);
  if (broken) writeFailure(report, name, output);
  const failed = failures.length + (broken ? 1 : 0);
  for (const failure of failures) {
    const title = unescapeXml(failure.match(/ name="([^"]*)"/)?.[1] ?? '?');
    const text = failure.replace(/<[^>]*>/g, '').replace(/\n\s*\n/g, '\n');
    console.log(`FAILED (${name}): ${title}${unescapeXml(text).trimEnd()}`);
  }
  if (failed > 0) console.log(output.trim()); // the seed; what a sanitizer has to say
  console.log(`native ${name}: ${cases - failures.length} passed, ${failed} failed, ${seconds} s`);
  return failed === 0;
}

/** @param {string[]} args */
async function main(args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const own = args.slice(0, end);
  const names = own.filter((arg) => !arg.startsWith('--'));
  const unknown = own.filter(
    (arg) => !['--stress', '--bench', ...Object.keys(tests)].includes(arg),
  );
  if (unknown.length > 0) {
    console.error(`usage: native-tests.mjs [--stress | --bench] [${Object.keys(tests)}] [-- ...]`);
    return 2;
  }
  if (own.includes('--stress')) process.env.LWSPOOL_TEST_SECONDS ||= '30';

  const files = sources();
  if (own.includes('--bench')) {
    const programs = Object.fromEntries(
      files.benches.map((source) => [basename(source, '.cc'), [...files.core, source]]),
    );
    const { folder, compiling, linking } = plan('bench', bench, programs);
    if (!(await inParallel(compiling)) || !(await inParallel(linking))) return 1;
    for (const program of Object.keys(programs)) {
      const { status } = await run(fromRoot(`${folder}/${program}`), args.slice(end + 1), {
        onOutput: (text) => process.stdout.write(text),
      });
      if (status !== 0) return 1;
    }
    return 0;
  }

  mkdirSync(fromRoot('build/reports'), { recursive: true });
  const chosen = Object.entries(tests).filter(([name]) => !names.length || names.includes(name));
  const plans = chosen.map(([name, variant]) => {
    rmSync(fromRoot(`build/reports/native-${name}.xml`), { force: true });
    const programs = { tests: [...files.core, ...files.tests] };
    return { name, variant, ...plan(name, variant, programs) };
  });
  const built =
    (await inParallel(plans.flatMap(({ precompiling }) => precompiling))) &&
    (await inParallel(plans.flatMap(({ compiling }) => compiling))) &&
    (await inParallel(plans.flatMap(({ linking }) => linking)));
  if (!built) {
    for (const { name } of plans) {
      writeFailure(`build/reports/native-${name}.xml`, name, 'The programs could not be built.');
    }
    return 1;
  }
  const results = await Promise.all(
    plans.map(({ name, variant, folder }) => test(name, variant, folder, args.slice(end + 1))),
  );
  return results.every(Boolean) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
