/** The key under which classes that users can name, but not construct, are made. */
export const MAKE: unique symbol = Symbol('lws-pool.make');
