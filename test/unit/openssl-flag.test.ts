import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllEnvs());

/** Whether the flag is on where NODE_OPTIONS and the command line say this. */
async function isOn(options: string | undefined, commandLine: readonly string[]) {
  vi.resetModules();
  vi.stubEnv('NODE_OPTIONS', options);
  const { usesOpenSslAuthorities } = await import('../../src/pool/openssl-flag.js');
  const { execArgv } = process;
  try {
    process.execArgv = [...commandLine];
    return usesOpenSslAuthorities();
  } finally {
    process.execArgv = execArgv;
  }
}

it.each<[string | undefined, string[], boolean]>([
  [undefined, [], false],
  ['', [], false],
  [undefined, ['--use-openssl-ca'], true],
  [undefined, ['--use_openssl_ca'], true],
  ['--use-openssl-ca', [], true],
  ['--no-warnings   --use-openssl-ca ', ['--expose-gc'], true],
  ['"--use-openssl-ca"', [], true],
  ['--use-openssl-ca', ['--use-bundled-ca'], false],
  ['--use-bundled-ca', ['--use-openssl-ca'], true],
  [undefined, ['--use-openssl-ca', '--no-use-openssl-ca'], true],
  ['--use-openssl-cab', ['use-openssl-ca'], false],
])('%j, %j: %s', async (options, commandLine, expected) => {
  expect(await isOn(options, commandLine)).toBe(expected);
});
