/** A task that ends only with its thread. */
export default () => new Promise((resolve) => setInterval(resolve, 0x7fff_ffff));
