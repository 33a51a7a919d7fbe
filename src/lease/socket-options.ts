import { describe } from '../base/describe.js';
import { nearest } from '../base/suggest.js';
import { createError } from '../errors/errors.js';
import type { LeaseHandle } from './handle.js';
import { SOCKET_OPTIONS, type SocketOption } from './option-table.js';

type Table = typeof SOCKET_OPTIONS;

/** Name of a socket option, as in its manual: `SO_KEEPALIVE`, ... docs/leases.md lists them. */
export type SocketOptionName = keyof Table;

/** Type of the value of each socket option; docs/leases.md has the units. */
export type SocketOptionValues = {
  [Name in SocketOptionName]: Table[Name] extends SocketOption<infer Value> ? Value : never;
};

/** Name of a socket option that can be set; docs/leases.md lists them. */
export type SettableSocketOption = {
  [Name in SocketOptionName]: Table[Name] extends SocketOption<unknown, true> ? Name : never;
}[SocketOptionName];

const names = Object.keys(SOCKET_OPTIONS);

/** @throws LwsPoolError ERR_INVALID_ARGUMENT where there is none */
export function findOption(name: unknown): SocketOption<unknown> {
  if (typeof name === 'string' && Object.hasOwn(SOCKET_OPTIONS, name)) {
    return SOCKET_OPTIONS[name as SocketOptionName];
  }
  const meant = typeof name === 'string' ? nearest(name, names) : undefined;
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'name',
    got: describe(name),
    takes: 'the name of a socket option, or a level and a number',
    hint: meant === undefined ? undefined : `Did you mean "${meant}"?`,
  });
}

/** Asks the kernel for an option. */
export function readOption(handle: LeaseHandle, { level, number, kind }: SocketOption<unknown>) {
  const memory = new Uint8Array(kind.bytes);
  const filled = handle.getOption(level, number, memory);
  return kind.decode(new DataView(memory.buffer), filled);
}

/**
 * An option's value as the kernel takes it.
 *
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function encodeOption(name: string, option: SocketOption<unknown>, value: unknown) {
  if (!option.settable) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'name',
      got: describe(name),
      takes: 'an option that can be set',
      hint: 'This one can only be read.',
    });
  }
  const bytes = option.kind.encode(value);
  if (bytes !== undefined) return bytes;
  const { takes } = option.kind;
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'value',
    got: describe(value),
    takes: `${takes}, for ${name}`,
  });
}
