import { expect, it } from 'vitest';
import {
  descriptorShortage,
  hasDescriptors,
  importWith,
  resourceShortage,
} from '../../src/errors/shortage.js';

const failed = (message: string, code?: string, cause?: unknown) =>
  Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });

it.each<[string, unknown, descriptors: string | undefined, resources: string | undefined]>([
  ['by its code', failed('x', 'EMFILE'), 'EMFILE', 'EMFILE'],
  ['of the system', failed('x', 'ENFILE'), 'ENFILE', 'ENFILE'],
  ['in its message', failed('Worker initialization failure: EMFILE'), 'EMFILE', 'EMFILE'],
  ['in words', failed('libx.so: Too many open files'), 'EMFILE', 'EMFILE'],
  ['beneath it', failed('x', 'ERR_ADDON', failed('y', 'EMFILE')), 'EMFILE', 'EMFILE'],
  ['of memory', failed('Cannot allocate memory'), undefined, 'ENOMEM'],
  ['of threads', failed('x', 'ERR_WORKER_INIT_FAILED'), undefined, 'ERR_WORKER_INIT_FAILED'],
  ['of nothing', failed('no such module', 'ERR_MODULE_NOT_FOUND'), undefined, undefined],
  [
    'that a path is named like',
    Object.assign(failed("ENOENT: open '/EMFILE'", 'ENOENT'), { errno: -2 }),
    undefined,
    undefined,
  ],
  ['no error', 'EMFILE', undefined, undefined],
  ['nothing', undefined, undefined, undefined],
])('finds a shortage: %s', (_, error, descriptors, resources) => {
  expect([descriptorShortage(error), resourceShortage(error)]).toEqual([descriptors, resources]);
});

it('an error that is its own cause is looked at for a while', () => {
  const error = failed('x');
  error.cause = error;
  expect(descriptorShortage(error)).toBeUndefined();
});

it('says of a failed import that it was for lack of descriptors, and of no other', async () => {
  const cause = failed('open', 'EMFILE');
  await expect(importWith(1, () => Promise.reject(cause))).rejects.toMatchObject({
    code: 'ERR_TOO_MANY_FILES',
    cause,
  });
  const other = failed('no such module');
  await expect(importWith(1, () => Promise.reject(other))).rejects.toBe(other);
  expect(await importWith(0, async () => 'module')).toBe('module');
  expect(hasDescriptors(4)).toBe(true);
});
