import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkConfig, linkage } from '../../scripts/configure.mjs';

/** What a build that lws-pool can use leaves in lws_config.h, as CMake writes it. */
const good = [
  'LWS_LIBRARY_VERSION "4.3.3"',
  'LWS_OPENSSL_SUPPORT',
  'LWS_WITH_TLS',
  'LWS_WITH_CLIENT',
  'LWS_WITH_SERVER',
  'LWS_WITH_UNIX_SOCK',
  'LWS_WITH_IPV6',
];

function header(defines: string[], off: string[] = []): string {
  return [
    '/* lws_config.h  Generated from lws_config.h.in  */',
    ...defines.map((define) => `#define ${define}`),
    ...off.map((define) => `/* #undef ${define} */`),
  ].join('\n');
}

/** The header of a good build in which some features are off. */
function without(...features: string[]): string {
  return header(
    good.filter((define) => !features.includes(define)),
    features,
  );
}

describe('a build that is accepted', () => {
  test('has everything', () => {
    expect(checkConfig(header(good), '4.3.3')).toBeUndefined();
  });

  test.each(['4.1.0', '4.1.6-', '4.10.2', '5.0.0'])('may be version %s', (version) => {
    expect(checkConfig(header(good), version)).toBeUndefined();
  });

  test('may have its defines indented', () => {
    const indented = header(good).replaceAll('#define', '\t#  define');
    expect(checkConfig(indented, '4.3.3')).toBeUndefined();
  });
});

describe('a build that is refused', () => {
  test.each(['3.2.1', '4.0.20'])('for its age: %s', (version) => {
    const problem = checkConfig(header(good), version);
    expect(problem?.message).toMatch(
      new RegExp(`^libwebsockets ${version} is too old: lws-pool needs 4.1 or newer`),
    );
  });

  test.each([
    ['mbedTLS', 'LWS_WITH_MBEDTLS'],
    ['GnuTLS', 'LWS_WITH_GNUTLS'],
    ['wolfSSL', 'LWS_WITH_WOLFSSL'],
    ['wolfSSL', 'USE_WOLFSSL'],
    ['BoringSSL', 'LWS_WITH_BORINGSSL'],
  ])('for its TLS library: %s (%s)', (name, define) => {
    const problem = checkConfig(header([...good, define]), '5.0.0');
    expect(problem?.message).toContain(`libwebsockets 5.0.0 was built with ${name}`);
    expect(problem?.message).toContain('build it with OpenSSL');
  });

  test('for having no TLS at all', () => {
    const problem = checkConfig(without('LWS_OPENSSL_SUPPORT', 'LWS_WITH_TLS'), '4.3.3');
    expect(problem?.message).toContain('was built without TLS');
  });

  test.each([
    ['the client', 'LWS_WITH_CLIENT', '-DLWS_WITHOUT_CLIENT=OFF'],
    ['the server', 'LWS_WITH_SERVER', '-DLWS_WITHOUT_SERVER=OFF'],
    ['Unix sockets', 'LWS_WITH_UNIX_SOCK', '-DLWS_UNIX_SOCK=ON'],
    ['IPv6', 'LWS_WITH_IPV6', '-DLWS_IPV6=ON'],
  ])('for lacking %s', (name, define, cure) => {
    const problem = checkConfig(without(define), '4.3.3');
    expect(problem?.message).toContain(`was built without ${name}`);
    expect(problem?.message).toContain(cure);
    expect(problem?.need).toBeUndefined();
  });

  test('in one line, whatever the reason', () => {
    const refusals = [
      checkConfig(header(good), '4.0.0'),
      checkConfig(header([...good, 'LWS_WITH_MBEDTLS']), '4.3.3'),
      checkConfig(without('LWS_WITH_CLIENT'), '4.3.3'),
    ];
    for (const refusal of refusals) expect(refusal?.message).toMatch(/^.+$/);
  });
});

describe('the program', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lws-pool-configure-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Puts a pkg-config in PATH, alone there, that knows the library in `folder`. */
  function fakePkgConfig(script: string): void {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'pkg-config'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'pkg-config'), 0o755);
  }

  function fakeLibrary(config: string, liburing = true): void {
    writeFileSync(join(folder, 'lws_config.h'), config);
    fakePkgConfig(`case "$1" in
      --version) echo 1.8.1 ;;
      --modversion) test "$2" = libwebsockets && echo 4.3.3 || echo 2.2 ;;
      --atleast-version=*) ${liburing ? 'true' : 'false'} ;;
      --variable=*) echo '${folder}' ;;
      *) exit 1 ;;
    esac`);
  }

  function configure() {
    const { PKG_CONFIG: _, ...env } = process.env;
    return spawnSync(process.execPath, ['scripts/configure.mjs'], {
      encoding: 'utf8',
      env: { ...env, LWS_POOL_LIBWEBSOCKETS: 'system', PATH: join(folder, 'bin') },
    });
  }

  function refusal(): string {
    const { status, stdout, stderr } = configure();
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^lws-pool: .+\n$/);
    return stderr;
  }

  test('says where the library is', () => {
    fakeLibrary(header(good));
    expect(configure()).toMatchObject({ status: 0, stdout: `libwebsockets 4.3.3 in ${folder}\n` });
  });

  test('gives node-gyp the flags, and the loader the way to a library of its own', () => {
    fakeLibrary(header(good));
    const library = { version: '4.3.3', includeDir: folder, libDir: folder };
    expect(linkage(library, process.arch)).toMatchObject({
      includeDirs: [folder],
      libraries: [`-L${folder}`, `-Wl,-rpath,${folder}`, '-lwebsockets', '-luring'],
    });
  });

  test('refuses where there is no pkg-config', () => {
    expect(refusal()).toMatch(/pkg-config was not found: run .*pkg-?conf/);
  });

  test('refuses where pkg-config knows no libwebsockets', () => {
    fakePkgConfig('test "$1" = --version');
    expect(refusal()).toMatch(/pkg-config finds no libwebsockets: run .*libwebsockets/);
  });

  test('refuses a library without its header', () => {
    fakeLibrary(header(good));
    rmSync(join(folder, 'lws_config.h'));
    expect(refusal()).toContain(`not its header ${folder}/lws_config.h`);
  });

  test('refuses a build that cannot be used', () => {
    fakeLibrary(without('LWS_WITH_CLIENT'));
    expect(refusal()).toContain('was built without the client');
  });

  test('refuses an old liburing', () => {
    fakeLibrary(header(good), false);
    expect(refusal()).toContain('liburing 2.2 is too old: lws-pool needs 2.3 or newer');
  });
});
