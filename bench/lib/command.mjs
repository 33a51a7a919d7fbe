import { parseArgs } from 'node:util';

/** Where a report goes has no bearing on what is in it. */
const leftOut = ['reporter', 'out', 'save'];

/**
 * The command that measures the same again.
 *
 * @param {string[]} args
 * @param {import('node:util').ParseArgsConfig['options']} options
 */
export function commandText(args, options) {
  const { tokens } = parseArgs({ args, options, tokens: true });
  const kept = tokens.filter(({ kind, name }) => kind === 'option' && !leftOut.includes(name));
  const words = kept.flatMap(({ name, value }) => [`--${name}`, ...(value ? [quoted(value)] : [])]);
  return ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

function quoted(value) {
  return /^[\w.,:/=-]+$/.test(value) ? value : `'${value}'`;
}
