import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Peers and servers in C, C++ and Go, compiled when they are first asked for and whenever a source
 * is newer than the program.
 *
 * @typedef {object} NativeProgram
 * @property {string[]} folders  with its sources; all files in them count
 * @property {(sources: string[], output: string) => string[]} compile  the command
 * @property {Record<string, string>} [environment]  variables that the command gets on top of ours
 * @property {string} packages  what Debian calls what it needs
 */

const bench = fileURLToPath(new URL('..', import.meta.url));
const contract = 'peers/contract-c';
const isSource = (path) => /\.(c|cc)$/.test(path);

const inC = (sources, output, ...libraries) => {
  const includes = ['-I', join(bench, contract)];
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra'];
  return [
    'cc',
    ...flags,
    ...includes,
    ...sources.filter(isSource),
    '-o',
    output,
    '-lm',
    ...libraries,
  ];
};

/** @type {Record<string, NativeProgram>} */
const programs = {
  epoll: {
    folders: [contract, 'peers/epoll'],
    compile: inC,
    packages: 'gcc libc6-dev',
  },
  lws: {
    folders: [contract, 'peers/lws'],
    compile: (sources, output) => inC(sources, output, '-lwebsockets'),
    packages: 'gcc libwebsockets-dev libssl-dev',
  },
  gorilla: {
    folders: ['peers/gorilla'],
    compile: (sources, output) => ['go', 'build', '-o', output, ...sources],
    // Without modules: what Debian packages as a library, and nothing from the network.
    environment: { GO111MODULE: 'off', GOFLAGS: '', GOPATH: '/usr/share/gocode' },
    packages: 'golang-go golang-github-gorilla-websocket-dev',
  },
  arithmetic: {
    folders: [contract, 'test/native'],
    compile: inC,
    packages: 'gcc libc6-dev',
  },
  beast: {
    folders: ['servers/beast'],
    compile: (sources, output) => [
      ...['c++', '-std=c++17', '-O2', ...sources.filter(isSource)],
      ...['-o', output, '-lssl', '-lcrypto', '-pthread'],
    ],
    packages: 'g++ libboost-dev libssl-dev',
  },
};

/** @type {Map<string, { path: string, missing: string | null }>} */
const built = new Map();

/** @param {string} name */
export function build(name) {
  if (!built.has(name)) built.set(name, buildNow(name));
  return built.get(name);
}

function buildNow(name) {
  const { folders, compile, environment, packages } = programs[name];
  const path = join(bench, 'build', name);
  const sources = folders.flatMap((folder) => filesIn(join(bench, folder)));
  if (isNewerThan(path, [...sources, fileURLToPath(import.meta.url)]))
    return { path, missing: null };

  mkdirSync(join(bench, 'build'), { recursive: true });
  const env = { ...process.env, ...environment };
  const [program, ...options] = compile(sources, path);
  console.error(`compiling ${name} ...`);
  const { status, error, stderr } = spawnSync(program, options, { encoding: 'utf8', env });
  if (status === 0) return { path, missing: null };
  const reason = error ? `no ${program} here` : firstError(stderr);
  return { path, missing: `${reason}; it needs: apt-get install ${packages}` };
}

/** @param {string} output  of a compiler */
export function firstError(output) {
  const lines = output.split('\n');
  return (lines.find((line) => /error|cannot find/.test(line)) ?? lines[0]).trim();
}

function filesIn(folder) {
  return readdirSync(folder).map((name) => join(folder, name));
}

function isNewerThan(product, sources) {
  const made = statSync(product, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((source) => statSync(source).mtimeMs <= made);
}
