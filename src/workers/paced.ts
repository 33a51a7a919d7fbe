/** Begins `count` connections, `rate` a second, evenly. */
export function paced(
  count: number,
  rate: number,
  begin: (count: number) => void,
  stop: () => boolean,
): void {
  const start = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - start) * rate) / 1000) + 1);
    begin(stop() ? count - begun : Math.max(0, due - begun));
    begun = stop() ? count : Math.max(begun, due);
    if (begun === count) clearInterval(timer);
  }, 10);
}
