import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { nodeVersionProblem } from '../../scripts/lib/node-version.mjs';
import {
  detectSystem,
  installAdvice,
  installCommand,
  type Need,
  packages,
} from '../../scripts/lib/system.mjs';

const osRelease = {
  debian: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\n',
  ubuntu: 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
  mint: 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n',
  fedora: 'NAME="Fedora Linux"\nID=fedora\nVARIANT_ID=container\n',
  rocky: 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n',
  alpine: 'NAME="Alpine Linux"\nID=alpine\n',
  arch: 'NAME="Arch Linux"\nID=arch\n',
};

describe('the system', () => {
  test.each([
    ['debian', osRelease.debian],
    ['debian', osRelease.ubuntu],
    ['debian', osRelease.mint],
    ['fedora', osRelease.fedora],
    ['fedora', osRelease.rocky],
    ['alpine', osRelease.alpine],
    [undefined, osRelease.arch],
    [undefined, ''],
  ])('is %s by /etc/os-release %j', (system, text) => {
    expect(detectSystem('linux', text)).toBe(system);
  });

  test('is one with Homebrew on macOS', () => {
    expect(detectSystem('darwin', '')).toBe('homebrew');
  });
});

describe('the command to run', () => {
  const missing: Need[] = ['compiler', 'pkg-config', 'libwebsockets', 'doctest'];

  test.each([
    ['debian', 'sudo apt-get install -y g++ pkg-config libwebsockets-dev doctest-dev'],
    ['fedora', 'sudo dnf install -y gcc-c++ pkgconf-pkg-config libwebsockets-devel doctest-devel'],
    ['alpine', 'sudo apk add g++ pkgconf libwebsockets-dev doctest-dev'],
    ['homebrew', 'brew install gcc pkgconf libwebsockets doctest'],
  ] as const)('is for %s: %s', (system, command) => {
    expect(installAdvice(system, missing, false)).toEqual([command]);
  });

  test('needs no sudo as root', () => {
    expect(installCommand('alpine', ['make'], true)).toBe('apk add make');
  });

  test('names each package once', () => {
    expect(installCommand('homebrew', ['compiler', 'C compiler'], false)).toBe('brew install gcc');
  });

  test('is given for all four systems where this one is not known', () => {
    expect(installAdvice(undefined, ['make'], false)).toEqual([
      'Debian, Ubuntu: sudo apt-get install -y make',
      'Fedora: sudo dnf install -y make',
      'Alpine: sudo apk add make',
      'Homebrew: brew install make',
    ]);
  });

  test('covers every need on every system', () => {
    // The package that is published is made on Debian alone.
    const { 'cross compiler': cross, emulator, ...others } = packages;
    expect([cross.debian, emulator.debian]).not.toContainEqual([]);
    for (const names of Object.values(others)) {
      for (const system of ['debian', 'fedora', 'alpine', 'homebrew'] as const) {
        expect(names[system]).not.toHaveLength(0);
      }
    }
  });
});

describe('the version of Node.js', () => {
  test.each(['20.19.0', '20.20.2', '22.1.0', '100.0.0'])('%s will do', (version) => {
    expect(nodeVersionProblem(version, '>=20.19')).toBeUndefined();
  });

  test.each(['18.20.4', '20.18.3', '20.9.0', '9.0.0'])('%s is refused in one line', (version) => {
    expect(nodeVersionProblem(version, '>=20.19')).toMatch(
      new RegExp(`^lws-pool needs Node.js 20.19 or newer and this is ${version}: install .+$`),
    );
  });
});

test('set-up says what --for takes', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', '--for', 'fun'], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toBe(
    'set-up: --for takes one of build, test, bench, prebuild, package, not "fun"\n',
  );
});
