/**
 * Rows that ask for the same work, one right after the other, read different figures of the same
 * measurements: a median and its 99th percentile belong together.
 */
export class SharedMeasurements {
  #work;
  #measured;

  /**
   * @template Measured
   * @param {import('../scopes/index.mjs').Row} row
   * @param {() => Promise<Measured>} measure
   * @returns {Promise<Measured>}
   */
  async of({ workload, quick, tls, driver, peers, unpinned }, measure) {
    const work = JSON.stringify([workload, quick, tls, driver, peers, unpinned]);
    if (work !== this.#work) {
      this.#measured = await measure();
      this.#work = work;
    }
    return this.#measured;
  }
}
