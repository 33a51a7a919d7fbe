/** What users import as `lws-pool/target`, and nothing else. */
export type { TargetMode, TargetOptions } from '../options/target.js';
export { createTarget, type Target, type TargetCounts } from './target.js';
