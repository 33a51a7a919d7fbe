// Runs tests of the package with an addon that was built for the address and undefined-behaviour
// sanitizers. What they find ends the process, and is printed at the end.
//
//   node scripts/asan-tests.mjs                    a choice, as `npm test` does
//   node scripts/asan-tests.mjs --all              whatever uses the addon in an interesting way
//   node scripts/asan-tests.mjs lease-detach ...   these files
//
// The package is copied to build/asan and the addon built there, so that child processes find this
// addon as well, and the one in use stays what it is. Leaks are not looked for: V8 and OpenSSL keep
// what they have until the process is gone; lifecycle/leaking counts memory and descriptors.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { relative } from 'node:path';
import { answer, run } from './lib/commands.mjs';
import { fromRoot, root } from './lib/files.mjs';

const folder = fromRoot('build/asan');
const found = `${folder}/found`;

const copied = [
  ...['native', 'src', 'dist', 'tools', 'test', 'scripts', 'examples', 'docs'],
  ...['package.json', 'tsconfig.json', 'vitest.config.ts', 'README.md'],
];

/** By vitest's project. Those of `npm test`: a minute or two. */
const short = {
  integration: [
    ...['lease-detach', 'lease-ends', 'lease-tls', 'lease-peer', 'ring-ends', 'ring-misuse'],
    ...['bio-memory', 'bio-scripts', 'protocol-errors', 'upgrade-answers', 'opening-errors'],
    ...['release-message', 'descriptors'],
  ],
  lifecycle: ['crashing', 'rings'],
};
const all = {
  integration: [
    ...['lease-', 'ring', 'bio-', 'protocol-errors', 'upgrade-', 'opening-errors', 'connecting'],
    ...['messages', 'streams', 'closing', 'certificates', 'tls-sessions', 'handlers', 'key-log'],
    ...['flow-control', 'flight-recorder', 'release-message', 'descriptors', 'limits', 'stats'],
  ],
  io_uring: ['lease-', 'messages', 'closing'],
  lifecycle: ['crashing', 'ending', 'closing', 'leases', 'rings', 'shortage'],
};

const flags = '-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined';

/** For one test: everything is slower. Milliseconds. */
const patience = 240_000;

const sanitizers = {
  // What there is no memory for is refused, as without sanitizers.
  ASAN_OPTIONS: `detect_leaks=0:strict_string_checks=1:allocator_may_return_null=1:log_path=${found}`,
  UBSAN_OPTIONS: `print_stacktrace=1:log_path=${found}`,
};

/** Brings the copy up to date; files that did not change keep their time, and are not compiled. */
function copy() {
  mkdirSync(folder, { recursive: true });
  for (const name of copied) {
    const from = fromRoot(name);
    // What is not there any more must not be found in the copy.
    for (const old of existsSync(`${folder}/${name}`) ? filesIn(`${folder}/${name}`) : []) {
      if (!existsSync(fromRoot(relative(folder, old)))) rmSync(old);
    }
    cpSync(from, `${folder}/${name}`, {
      recursive: true,
      preserveTimestamps: true,
      filter: (source) => !isSame(source, `${folder}/${relative(root, source)}`),
    });
  }
  // Linked to the same libwebsockets.
  if (!existsSync(`${folder}/build/libwebsockets`) && existsSync(fromRoot('build/libwebsockets'))) {
    mkdirSync(`${folder}/build`, { recursive: true });
    symlinkSync('../../libwebsockets', `${folder}/build/libwebsockets`);
  }
  if (!existsSync(`${folder}/node_modules`)) {
    symlinkSync('../../node_modules', `${folder}/node_modules`);
  }
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesIn(`${path}/${name}`));
}

/**
 * @param {string} source
 * @param {string} target
 */
function isSame(source, target) {
  const [from, to] = [statSync(source), statSync(target, { throwIfNoEntry: false })];
  if (from.isDirectory() || to === undefined) return false;
  return from.size === to.size && Math.abs(from.mtimeMs - to.mtimeMs) < 1;
}

/** @returns {Promise<boolean>} */
async function build() {
  const env = {
    ...process.env,
    CXXFLAGS: `${process.env.CXXFLAGS ?? ''} ${flags} -fno-sanitize-recover=all -fno-sanitize=vptr`,
    LDFLAGS: `${process.env.LDFLAGS ?? ''} -fsanitize=address,undefined`,
  };
  const args = [`${folder}/scripts/addon.mjs`];
  const { status, output } = await run(process.execPath, args, { cwd: folder, env });
  if (status !== 0) console.error(output.trim());
  return status === 0;
}

/**
 * Runs vitest in the copy.
 *
 * @param {string} project
 * @param {string[]} files
 * @param {string} library the sanitizers' run-time library
 */
async function test(project, files, library) {
  const report = fromRoot(`build/reports/asan-${project}.xml`);
  const args = [
    ...['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...files],
    ...[`--testTimeout=${patience}`, `--hookTimeout=${patience}`],
    ...['--reporter=default', '--reporter=junit', `--outputFile.junit=${report}`],
  ];
  const { status } = await run(process.execPath, args, {
    cwd: folder,
    env: {
      ...process.env,
      ...sanitizers,
      LD_PRELOAD: library,
      LWSPOOL_TEST_PATIENCE: String(patience / 2),
    },
    onOutput: (text) => process.stdout.write(text),
  });
  return status === 0;
}

/** What the sanitizers have written down, one file for each process. */
function findings() {
  return readdirSync(folder)
    .filter((name) => name.startsWith('found.'))
    .map((name) => `${folder}/${name}`);
}

/** @param {string[]} args */
async function main(args) {
  const library = answer(process.env.CXX?.split(' ')[0] || 'g++', ['-print-file-name=libasan.so']);
  if (!library?.startsWith('/')) {
    console.error('The compiler has no address sanitizer (libasan.so): install it, or use g++.');
    return 1;
  }
  copy();
  if (!(await build())) return 1;
  mkdirSync(fromRoot('build/reports'), { recursive: true });
  for (const old of findings()) rmSync(old);

  const files = args.filter((arg) => arg !== '--all');
  const chosen = files.length > 0 ? { integration: files } : args.includes('--all') ? all : short;
  let passed = true;
  for (const [project, names] of Object.entries(chosen)) {
    passed = (await test(project, names, library)) && passed;
  }
  // Also where a test expected its process to die.
  for (const file of findings()) {
    console.log(`\nA sanitizer has found:\n${readFileSync(file, 'utf8').trimEnd()}`);
    passed = false;
  }
  return passed ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
