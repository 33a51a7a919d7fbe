/** The key under which a connection has what is ours: see core.ts. */
export const CORE: unique symbol = Symbol('lws-pool.core');
