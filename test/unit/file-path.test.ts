import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { filePath } from '../../src/base/file-path.js';

it.each([
  ['keys', resolve('keys')],
  ['/a/../b', '/b'],
  [pathToFileURL('/a b'), '/a b'],
])('%s is the path of a file', (value, path) => {
  expect(filePath(value)).toBe(path);
});

it.each([
  ['nothing', ''],
  ['with a NUL', 'a\0b'],
  ['of another machine', new URL('file://host/x')],
  ['with an encoded NUL', new URL('file:///a%00b')],
  ['with a slash in a name', new URL('file:///a%2Fb')],
  ['of the web', new URL('https://host/x')],
  ['no path at all', 4],
])('%s is none', (_, value) => {
  expect(filePath(value)).toBeUndefined();
});
