/** Values of the command line: what is refused names the option, what it got and what it takes. */

/** @param {string[]} choices */
export function oneOf(option, value, choices) {
  if (choices.includes(value)) return value;
  throw new RangeError(`${option}: got '${value}', takes ${choices.join(', ')}`);
}

/** A list with commas, each value once. */
export function someOf(option, list, choices) {
  const values = list.split(',').map((value) => value.trim());
  return [...new Set(values)].map((value) => oneOf(option, value, choices));
}

export function countOf(option, text, least = 1) {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least) return count;
  throw new RangeError(`${option}: got '${text}', takes a whole number from ${least} to 9999`);
}
