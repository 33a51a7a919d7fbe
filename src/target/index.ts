/**
 * A server to test clients with: start with {@link createTarget}.
 *
 * @module lws-pool/target
 */
export type { TargetMode, TargetOptions } from '../options/target.js';
export { createTarget, type Target, type TargetCounts } from './target.js';
