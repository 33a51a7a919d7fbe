import { VERSION } from '../base/version.js';
import { native } from '../native.js';

/** What works together in this process, as it names itself: for logs and reports of bugs. */
export interface Versions {
  /** Of this package. */
  readonly lwsPool: string;
  /** In the addon; where it was built from source, the system's. */
  readonly libwebsockets: string;
  /** In the addon, as {@link Versions.libwebsockets | libwebsockets} is. */
  readonly liburing: string;
  /** Of the process: Node.js has it inside. */
  readonly openssl: string;
  /** Of the process. */
  readonly libuv: string;
  /** Of the process. */
  readonly node: string;
  /** The newest Node-API of this Node.js; the addon uses 9. */
  readonly nodeApi: string;
}

/** What works together in this process, as it names itself: for logs and reports of bugs. */
export const versions: Versions = Object.freeze({
  lwsPool: VERSION,
  ...native.libraries(),
  openssl: process.versions.openssl,
  libuv: process.versions.uv,
  node: process.versions.node,
  nodeApi: process.versions.napi ?? '',
});
