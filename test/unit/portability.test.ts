import { describe, expect, test } from 'vitest';
import { glibcProblems, libraryProblems, symbolProblems } from '../../scripts/lib/portability.mjs';

/** As `objdump -p` prints it. */
function needing(...names: string[]): string {
  const lines = names.map((name) => `  NEEDED               ${name}\n`);
  return `\nDynamic Section:\n${lines.join('')}  INIT  0x0000000000012000\n`;
}

/** As `objdump -T` prints them. */
const symbols = [
  '0000000000000000      DF *UND*\t0000000000000000 (GLIBC_2.2.5) accept',
  '0000000000000000      DF *UND*\t0000000000000000 (GLIBC_2.34) dladdr',
  '0000000000000000      D  *UND*\t0000000000000000  Base        SSL_CTX_free',
  '0000000000000000      D  *UND*\t0000000000000000              uv_close',
  '0000000000000000  w   D  *UND*\t0000000000000000  Base        __gmon_start__',
  '0000000000012345 g    DF .text\t0000000000000020  Base        napi_register_module_v1',
].join('\n');

describe('a library that is needed', () => {
  test('may be one that every system has', () => {
    const usual = needing('libm.so.6', 'libgcc_s.so.1', 'libc.so.6', 'ld-linux-x86-64.so.2');
    expect(libraryProblems(usual)).toEqual([]);
    expect(libraryProblems(needing('ld-linux-aarch64.so.1'))).toEqual([]);
  });

  test('may be no other', () => {
    expect(libraryProblems(needing('libc.so.6', 'libstdc++.so.6', 'liburing.so.2'))).toEqual([
      'it needs libstdc++.so.6',
      'it needs liburing.so.2',
    ]);
  });
});

test('a function of a newer glibc is told', () => {
  expect(glibcProblems(symbols)).toEqual([]);
  expect(glibcProblems(symbols.replace('2.2.5', '2.38'))).toEqual([
    'accept is of glibc 2.38, and 2.34 is allowed',
  ]);
});

test('a function that node does not have is told', () => {
  expect(symbolProblems(symbols, 'SSL_CTX_free\nuv_close@@LIBUV\n')).toEqual([]);
  expect(symbolProblems(symbols, 'uv_close\n')).toEqual(['node has no SSL_CTX_free']);
});
