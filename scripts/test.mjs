// Runs every kind of test, one after the other, whatever becomes of the one before; then adds up
// their JUnit reports. The last line it prints is the sum.
//
//   node scripts/test.mjs                 all of them
//   node scripts/test.mjs unit native     these
//
// `npm test` sets everything up first. One that runs too long is ended, with all it started.
import { newestNode, nodeIsThere, nodePath, nodesUnavailable } from './lib/nodes.mjs';
import { avoidColours, conclude, forgetReports, runAll, vitestRunner } from './lib/runners.mjs';

/** @typedef {import('./lib/runners.mjs').Runner} Runner */

avoidColours();

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
  vitestRunner('unit', ['unit']),
  vitestRunner('integration', ['integration']),
  vitestRunner('io_uring', ['io_uring']),
  vitestRunner('lifecycle', ['lifecycle']),
  vitestRunner('types', ['types']),
  underNewestNode(),
  { name: 'asan', script: ['scripts/asan-tests.mjs'], reports: /^asan-.*\.xml$/ },
];

/**
 * A choice of tests under the newest Node.js, with the addon that the others use: what is likely to
 * differ there. All of them, under all versions, are `npm run test:matrix`.
 *
 * @returns {Runner}
 */
function underNewestNode() {
  const files = [
    // Its OpenSSL under our SSL_CTX and its libuv under our loops: connections of every kind.
    ...['integration/connecting', 'integration/certificates', 'integration/lease-tls'],
    // Its V8: memory that JavaScript and native code share, and when that is freed.
    ...['integration/message-memory', 'integration/release-message', 'integration/messages'],
    // Its worker threads and loader: handlers, what they throw, and how workers and processes end.
    ...['integration/handlers', 'lifecycle/crashing', 'lifecycle/ending', 'lifecycle/closing'],
    // Its errors and streams, and what it has come to warn of.
    ...['integration/opening-errors', 'integration/streams', 'lifecycle/deprecations'],
  ];
  const { version } = newestNode;
  const name = `node ${version.split('.')[0]}`;
  return {
    ...vitestRunner(name, ['integration', 'lifecycle'], {
      files: files.map((file) => `test/${file}.test.ts`),
      node: nodePath(newestNode),
    }),
    obstacle: () => {
      const unavailable = nodesUnavailable();
      if (unavailable) {
        return { reason: `Node.js ${version} is not tested: ${unavailable}`, fails: false };
      }
      if (nodeIsThere(newestNode)) return undefined;
      const reason = `Node.js ${version} is not there: \`npm run setup\` fetches it from npm's registry`;
      return { reason, fails: true };
    },
  };
}

/** @param {string[]} names */
async function main(names) {
  const unknown = names.filter((name) => !runners.some((runner) => runner.name === name));
  if (unknown.length > 0) {
    const known = runners.map((runner) => runner.name).join(', ');
    console.error(`No such tests: ${unknown.join(', ')}. There are: ${known}.`);
    return 2;
  }
  forgetReports();
  const chosen = runners.filter(({ name }) => names.length === 0 || names.includes(name));
  const { rows, failures } = await runAll(chosen);
  return conclude(rows, rows, failures);
}

process.exitCode = await main(process.argv.slice(2));
