// What `require('lws-pool/target')` is to TypeScript: see index.d.cts.
import type * as library from '../dist/target/index.js' with { 'resolution-mode': 'import' };

export type * from '../dist/target/index.js' with { 'resolution-mode': 'import' };

export declare const createTarget: typeof library.createTarget;
