/** Options, validated here and nowhere else; everywhere else they are complete and correct. */
export {
  type CloseArguments,
  type CloseOptions,
  parseCloseArguments,
  parseCloseOptions,
} from './options/close.js';
export {
  type ConnectManyOptions,
  type ConnectOptions,
  type LookupFunction,
  parseConnectManyOptions,
  parseConnectOptions,
  type ResolvedConnectManyOptions,
  type ResolvedConnectOptions,
} from './options/connect.js';
export type { Header } from './options/headers.js';
export {
  type LeaseOptions,
  type PoolLeaseOptions,
  parseLeaseOptions,
  type ResolvedLeaseOptions,
  type ResolvedLeaseTerms,
} from './options/lease.js';
export {
  type PollerName,
  type PoolOptions,
  parsePoolOptions,
  type ResolvedPoolOptions,
} from './options/pool.js';
export {
  type Pem,
  parseTlsOptions,
  type ResolvedTlsKey,
  type ResolvedTlsOptions,
  type TlsKey,
  type TlsOptions,
  type TlsVersion,
} from './options/tls.js';
