// What the packages are called on each system, and the one command that installs them.
// Nothing here looks at the machine except `thisSystem`.
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {'debian' | 'fedora' | 'alpine' | 'homebrew'} System */
/** @typedef {keyof typeof packages} Need */

/** A need of the build, the tests or the benchmark -> the packages that meet it. */
export const packages = {
  compiler: { debian: ['g++'], fedora: ['gcc-c++'], alpine: ['g++'], homebrew: ['gcc'] },
  make: { debian: ['make'], fedora: ['make'], alpine: ['make'], homebrew: ['make'] },
  python: { debian: ['python3'], fedora: ['python3'], alpine: ['python3'], homebrew: ['python'] },
  'pkg-config': {
    debian: ['pkg-config'],
    fedora: ['pkgconf-pkg-config'],
    alpine: ['pkgconf'],
    homebrew: ['pkgconf'],
  },
  libwebsockets: {
    debian: ['libwebsockets-dev'],
    fedora: ['libwebsockets-devel'],
    alpine: ['libwebsockets-dev'],
    homebrew: ['libwebsockets'],
  },
  liburing: {
    debian: ['liburing-dev'],
    fedora: ['liburing-devel'],
    alpine: ['liburing-dev'],
    homebrew: ['liburing'],
  },
  doctest: {
    debian: ['doctest-dev'],
    fedora: ['doctest-devel'],
    alpine: ['doctest-dev'],
    homebrew: ['doctest'],
  },
  zlib: {
    debian: ['zlib1g-dev'],
    fedora: ['zlib-devel'],
    alpine: ['zlib-dev'],
    homebrew: ['zlib'],
  },
  openssl: {
    debian: ['libssl-dev'],
    fedora: ['openssl-devel'],
    alpine: ['openssl-dev'],
    homebrew: ['openssl@3'],
  },
  boost: {
    debian: ['libboost-dev'],
    fedora: ['boost-devel'],
    alpine: ['boost-dev'],
    homebrew: ['boost'],
  },
  cmake: { debian: ['cmake'], fedora: ['cmake'], alpine: ['cmake'], homebrew: ['cmake'] },
  spin: { debian: ['spin'], fedora: ['spin'], alpine: ['spin'], homebrew: ['spin'] },
  'C compiler': { debian: ['gcc'], fedora: ['gcc'], alpine: ['gcc'], homebrew: ['gcc'] },
  // Of the other architecture that the package has a binary for.
  'cross compiler': {
    debian: [process.arch === 'arm64' ? 'g++-x86-64-linux-gnu' : 'g++-aarch64-linux-gnu'],
    fedora: [],
    alpine: [],
    homebrew: [],
  },
  emulator: {
    debian: ['qemu-user-static'],
    fedora: ['qemu-user-static'],
    alpine: [],
    homebrew: [],
  },
  tshark: {
    debian: ['tshark'],
    fedora: ['wireshark-cli'],
    alpine: ['tshark'],
    homebrew: ['wireshark'],
  },
  strace: { debian: ['strace'], fedora: ['strace'], alpine: ['strace'], homebrew: ['strace'] },
};

/** @type {Record<System, { name: string, install: string, asRoot: boolean }>} */
const systems = {
  debian: { name: 'Debian, Ubuntu', install: 'apt-get install -y', asRoot: true },
  fedora: { name: 'Fedora', install: 'dnf install -y', asRoot: true },
  alpine: { name: 'Alpine', install: 'apk add', asRoot: true },
  homebrew: { name: 'Homebrew', install: 'brew install', asRoot: false },
};

/**
 * Which of the known systems this is, from `process.platform` and the text of /etc/os-release.
 *
 * @param {string} platform
 * @param {string} osRelease empty where there is no such file
 * @returns {System | undefined}
 */
export function detectSystem(platform, osRelease) {
  if (platform === 'darwin') return 'homebrew';
  const names = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)]
    .flatMap(([, value = '']) => value.replace(/["']/g, '').split(/\s+/))
    .map((name) => name.toLowerCase());
  if (names.includes('debian') || names.includes('ubuntu')) return 'debian';
  if (names.includes('fedora') || names.includes('rhel')) return 'fedora';
  if (names.includes('alpine')) return 'alpine';
  return undefined;
}

export function thisSystem() {
  const file = '/etc/os-release';
  return detectSystem(process.platform, existsSync(file) ? readFileSync(file, 'utf8') : '');
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/**
 * @param {System} system
 * @param {readonly Need[]} needs
 */
export function packagesFor(system, needs) {
  return [...new Set(needs.flatMap((need) => packages[need][system]))];
}

/**
 * The one command that installs what is needed.
 *
 * @param {System} system
 * @param {readonly Need[]} needs
 * @param {boolean} root whether the user already is root
 */
export function installCommand(system, needs, root) {
  const { install, asRoot } = systems[system];
  const sudo = asRoot && !root ? 'sudo ' : '';
  return `${sudo}${install} ${packagesFor(system, needs).join(' ')}`;
}

/**
 * What to tell the user to run: one command, or where the system is not known one for each.
 *
 * @param {System | undefined} system
 * @param {readonly Need[]} needs
 * @param {boolean} root
 * @returns {string[]} lines
 */
export function installAdvice(system, needs, root) {
  if (system) return [installCommand(system, needs, root)];
  return /** @type {System[]} */ (Object.keys(systems)).map(
    (known) => `${systems[known].name}: ${installCommand(known, needs, root)}`,
  );
}
