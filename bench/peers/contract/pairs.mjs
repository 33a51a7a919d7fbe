/**
 * Measures with something and without it, one right after the other, so often: with, without,
 * without, with, ... What changes steadily meanwhile favours neither.
 *
 * @template Measured
 * @param {number} pairs
 * @param {(index: number) => Promise<Measured>} measureWith
 * @param {(index: number) => Promise<Measured>} measureWithout
 */
export async function measurePairs(pairs, measureWith, measureWithout) {
  const measured = [];
  for (let index = 0; index < pairs; index++) {
    const [first, second] =
      index % 2 === 0 ? [measureWith, measureWithout] : [measureWithout, measureWith];
    const figures = [await first(index), await second(index)];
    if (index % 2 === 1) figures.reverse();
    measured.push({ with: figures[0], without: figures[1] });
  }
  return measured;
}

/** The median and its spread. */
export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.floor((sorted.length - 1) * part)];
  return { lowerQuartile: at(0.25), median: at(0.5), upperQuartile: at(0.75) };
}
