// What `require('lws-pool')` is to TypeScript, where the importing file is CommonJS and its `module`
// is one that knows no `require` of ES modules (node16, node18): types of dist/ under another name.
import type * as library from '../dist/index.js' with { 'resolution-mode': 'import' };

export type * from '../dist/index.js' with { 'resolution-mode': 'import' };

export declare const CertificateError: typeof library.CertificateError;
export type CertificateError = library.CertificateError;
export declare const Connection: typeof library.Connection;
export type Connection = library.Connection;
export declare const ConnectionGroup: typeof library.ConnectionGroup;
export type ConnectionGroup = library.ConnectionGroup;
export declare const createMemoryBio: typeof library.createMemoryBio;
export declare const createPool: typeof library.createPool;
export declare const defineBio: typeof library.defineBio;
export declare const defineHandler: typeof library.defineHandler;
export declare const Lease: typeof library.Lease;
export type Lease<Leased = unknown> = library.Lease<Leased>;
export declare const LwsPoolError: typeof library.LwsPoolError;
export type LwsPoolError = library.LwsPoolError;
export declare const MemoryBio: typeof library.MemoryBio;
export type MemoryBio = library.MemoryBio;
export declare const parseConnectionUrl: typeof library.parseConnectionUrl;
export declare const POLL: typeof library.POLL;
export declare const Pool: typeof library.Pool;
export type Pool = library.Pool;
export declare const releaseMessage: typeof library.releaseMessage;
export declare const RETRY: typeof library.RETRY;
export declare const Ring: typeof library.Ring;
export type Ring = library.Ring;
export declare const UpgradeError: typeof library.UpgradeError;
export type UpgradeError = library.UpgradeError;
export declare const versions: typeof library.versions;
