import { loadAddon } from './addon/binary.js';
import type { NativeBio } from './base/bio-figures.js';

/**
 * The addon's classes, as native/bindings/ define them. Written by hand. What crosses here has been validated: natively nothing but types is checked.
 */

/**
 * Records `[begin, end)` of a slab that native code has filled, see channel/record.ts, and the slab
 * where those of their payloads lie that users see.
 */
export type OnEvents = (
  records: ArrayBuffer,
  begin: number,
  end: number,
  shown: ArrayBuffer | undefined,
) => void;

/** A call of a BIO of JavaScript, see lease/custom-bio.ts. */
export type OnBio = (call: number, instance: number, size: number, module: string) => number;

/** A BIO with all its options, as native/bindings/bio_object.cc reads them. */
export type NativeBioOptions = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Where connections go; everything they have in common. Times in ms, sizes in bytes. */
export interface EndpointOptions {
  readonly kind: 'ws' | 'raw';
  /** The side of the target, which takes connections in. */
  readonly server?: boolean;
  /** Numeric, in the order in which they are tried. */
  readonly addresses?: readonly string[];
  readonly unixPath?: string | undefined;
  readonly port?: number;
  /** The request but for the Sec-WebSocket-Key and the blank line. */
  readonly requestHead?: string;
  readonly protocols?: readonly string[];
  /** Whether the server has to choose one of them. */
  readonly requiresProtocol?: boolean;
  /** Whether the header fields of the answer that opens a WebSocket are told. */
  readonly keepsHeaders?: boolean;
  /** `number` of a {@link NativeTlsContext} that is still there; 0: plain. */
  readonly tls?: number;
  /** Name or address to verify and, if it is a name, to send as SNI. */
  readonly serverName?: string;
  readonly sendsServerName?: boolean;
  readonly localAddresses?: readonly string[];
  readonly timeout?: number;
  readonly closeTimeout?: number;
  readonly maxPayload: number;
  /** Compression, offered or taken; undefined: none. */
  readonly deflate?: NativeDeflateOptions | undefined;
  /** How much may wait for whoever takes what comes. Undefined: any. */
  readonly highWaterMark?: number;
  /** In place before the handshake, from the socket upwards. */
  readonly bios?: readonly NativeBioOptions[];
}

/** What permessage-deflate does; 0: not given. */
export interface NativeDeflateOptions {
  readonly threshold: number;
  readonly level: number;
  readonly memLevel: number;
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
  readonly maxRatio: number;
}

/** Options of an SSL_CTX; names and meaning as in `node:tls`, everything as PEM text. */
export interface TlsContextOptions {
  readonly server?: boolean;
  /** Client: `number` of a {@link NativeAuthorities} that is still there; undefined: those of `ca`. */
  readonly authorities?: number | undefined;
  readonly ca?: readonly string[] | undefined;
  readonly cert?: readonly string[];
  readonly key?: readonly string[];
  /** Of each key; '' where it needs none. */
  readonly keyPassphrases?: readonly string[];
  readonly minVersion?: string;
  readonly maxVersion?: string;
  readonly ciphers?: string;
  /** Groups of the key exchange; undefined: OpenSSL's own. */
  readonly ecdhCurve?: string | undefined;
  /** Undefined: OpenSSL's own. */
  readonly sigalgs?: string | undefined;
  readonly ALPNProtocols?: readonly string[];
  readonly rejectUnauthorized?: boolean;
  readonly requestOCSP?: boolean;
  /** Client: how many sessions are kept for resumption; 0: none. */
  readonly maxCachedSessions?: number;
  /** For connections that are captured. */
  readonly tellSecrets?: boolean;
  /** Secrets are told as events. */
  readonly keylog?: boolean;
  /** Secrets are appended to that file. */
  readonly keylogFile?: string | undefined;
}

/** Certificates that Node trusts; they live as long as this object or a context made with it. */
export interface NativeAuthorities {
  /** By which all threads find it. */
  readonly number: number;
}

/** Lives as long as this object or an endpoint that was made with it. */
export interface NativeTlsContext {
  /** By which all threads find it. */
  readonly number: number;
}

declare const endpointBrand: unique symbol;
export interface NativeEndpoint {
  readonly [endpointBrand]: true;
}

/** What the main thread's and the worker's end of a channel have in common. */
export interface NativeEnd {
  /** Frees the slot of a connection whose last event has been seen. */
  release(slot: number, generation: number): void;
  /** The number of a slab to write commands into. */
  acquire(): number;
  slab(index: number): ArrayBuffer;
  /** Hands over what was written; returns the number of the slab to go on with. */
  submit(index: number, length: number): number;
  /** One command whose payload does not fit in a slab; the payload is copied. */
  submitLarge(
    type: number,
    flags: number,
    slot: number,
    generation: number,
    aux: number,
    payload: Uint8Array,
  ): void;
  /** The payload of the next record that is flagged external. */
  takeExternal(): Buffer;
  /** A copy of a payload that users see, where its memory was transferred. While it is told. */
  copyShown(offset: number, length: number): Buffer;
  /** Figures of 1,024 connections, see channel/ledger.ts. */
  ledger(segment: number): Float64Array | undefined;
  /** What is held of all connections, see channel/holding.ts: one number, for Atomics. */
  held(): Int32Array;
  /** What is recorded of a connection, see flight/record.ts; undefined: nothing (any more). */
  flightRecord(slot: number, generation: number): Buffer | undefined;
  /** What is counted of 64 connections, see stats/figures.ts; undefined where nothing is. */
  figures(segment: number): Float64Array | undefined;
  /** What is counted of the worker, see stats/figures.ts. */
  workerFigures(): Float64Array | undefined;
}

/** The main thread's end. */
export interface NativeChannel extends NativeEnd {
  /** By which the worker's {@link NativeService} finds it. */
  readonly key: number;
  /**
   * Queues a connection and fills in `[slot, generation]`; false where no slot is free. Its
   * messages go to the handlers of that group in the worker; 0: they come to this thread.
   */
  connect(endpoint: NativeEndpoint, group: number, name: Uint32Array): boolean;
  /** What was sampled of 64 connections, see stats/tcp-columns.ts; undefined: nothing ever. */
  tcpFigures(segment: number): Float64Array | undefined;
  /** As flightRecord(), as much of it as goes with an error. */
  flightOfError(slot: number, generation: number): Buffer | undefined;
  /** Of the connections of 64 slots; undefined behind the last of them. */
  flightRecords(segment: number): Buffer[] | undefined;
  ref(): void;
  unref(): void;
  close(): void;
}

/** What has arrived on connections, their messages and the bytes of those. */
export interface Received {
  /** Whole messages; reads of a raw connection. */
  readonly messages: bigint;
  /** Bytes of their payloads. */
  readonly bytes: bigint;
}

/** The worker's end. */
export interface NativeService extends NativeEnd {
  /** Begins a connection that belongs to this thread; false where no slot is free. */
  connect(endpoint: NativeEndpoint, group: number): boolean;
  /** The addresses of a connection's two ends, as encoded fields; none once it is closed. */
  addresses(slot: number, generation: number): Buffer;
  /** Writes what was sent on a connection at once, not at the end of the turn. */
  flush(slot: number, generation: number): void;
  /** Gives up what this thread has begun for that group and is not open yet. */
  abandon(group: number): void;
  /**
   * Counts the messages of that group's connections from the first on. Those that are not wanted
   * never come here.
   */
  countMessages(group: number, wanted: boolean): void;
  stopCounting(group: number): void;
  received(group: number): Received;
  /** Takes connections in; returns the port, or -1. */
  listen(
    endpoint: NativeEndpoint,
    address: string,
    port: number,
    mode: 'echo' | 'sink' | 'flood' | 'close',
    floodSize: number,
  ): number;
  /**
   * Samples TCP_INFO of up to `count` connections from that slot on; returns where to go on, 0 at
   * the end. `unread`: that as well.
   */
  sampleTcp(from: number, count: number, unread: boolean): number;
  /** Keeps so many events of each connection from now on; before the first. */
  recordFlights(events: number, channel: number, worker: number): void;
  counts(): { opened: number; closed: number; messages: number; bytes: number };
  /** While a function of a BIO runs, see lease/custom-bio.ts: what it is to write. */
  bioBytes(): Buffer;
  /** What it has read. */
  bioFill(bytes: Uint8Array): void;
  /** Moves bytes through what lies below it; -1: not now. Throws where the connection is lost. */
  bioBelow(write: boolean, bytes: Uint8Array): number;
  /** Ends everything at once, then calls back. */
  close(callback: () => void): void;
}

/**
 * The leases that one thread takes on the connections of one worker. Most calls name the lease by
 * slot, generation and token; a number below zero says that nothing was done, and why: see
 * pool/lease/outcome.ts. Of TLS, a string is the reason for which OpenSSL refused.
 */
export interface NativeLeases {
  /**
   * At once or not at all; `maxHold` in ms, 0 for ever. Returns the token. One that is quiet is shared
   * and for ever, and no event of the connection's.
   */
  take(
    slot: number,
    generation: number,
    exclusive: boolean,
    frame: boolean,
    maxHold: number,
    quiet?: boolean,
  ): number;
  /** With the descriptor that `duplicate()` gave, or -1. Returns 1 where the connection ends of it. */
  release(slot: number, generation: number, token: number, duplicate: number): number;
  check(slot: number, generation: number, token: number): number;
  leftover(slot: number, generation: number, token: number): Buffer | number;
  /** Returns a descriptor, and fills in the inode of its socket. */
  duplicate(slot: number, generation: number, token: number, inode: Float64Array): number;
  /** 1: with TLS. */
  secure(slot: number, generation: number, token: number): number;
  exposeTls(slot: number, generation: number, token: number): bigint | number;
  confirmFrameBoundary(
    slot: number,
    generation: number,
    token: number,
    uncompressed: boolean,
  ): number;
  getOption(
    slot: number,
    generation: number,
    token: number,
    level: number,
    name: number,
    into: Uint8Array,
  ): number;
  setOption(
    slot: number,
    generation: number,
    token: number,
    level: number,
    name: number,
    value: Uint8Array,
  ): number;
  queued(slot: number, generation: number, token: number, unsent: boolean): number;
  /** Encoded fields. */
  addresses(slot: number, generation: number, token: number): Buffer | number;
  read(slot: number, generation: number, token: number, tls: boolean, into: Uint8Array): number;
  write(slot: number, generation: number, token: number, tls: boolean, from: Uint8Array): number;
  shutdown(slot: number, generation: number, token: number, how: number): number;
  tlsFacts(slot: number, generation: number, token: number): NativeTlsFacts | number;
  tlsPending(slot: number, generation: number, token: number): number;
  tlsSession(slot: number, generation: number, token: number): Buffer | undefined | number;
  exportKeyingMaterial(
    slot: number,
    generation: number,
    token: number,
    into: Uint8Array,
    label: string,
    context: Uint8Array | undefined,
  ): boolean | string | number;
  updateKeys(
    slot: number,
    generation: number,
    token: number,
    requestPeer: boolean,
  ): boolean | string | number;
  shutdownTls(slot: number, generation: number, token: number): boolean | string | number;
  /** From the socket upwards. */
  bios(slot: number, generation: number, token: number): NativeBio[] | number;
  pushBio(
    slot: number,
    generation: number,
    token: number,
    bio: NativeBioOptions | NativeMemoryBio,
  ): true | string | number;
  popBio(slot: number, generation: number, token: number): NativeBio | string | number;
  /** Waits, `patience` ms at most, for the worker to let go of the SSL object. */
  detach(
    slot: number,
    generation: number,
    token: number,
    patience: number,
  ): { fd: number; ssl?: bigint; leftover: Buffer } | number;
  /** Of a lease that is over: closes what `duplicate()` gave, if it is still that socket. */
  closeDuplicate(slot: number, generation: number, fd: number, inode: number): void;
  /** Gives up what `exposeTls()` gave. */
  dropTls(ssl: bigint): void;
  /** The worker is gone: no lease is held any more. */
  close(): void;
}

/** See pool/lease/memory-bio.ts. */
export interface NativeMemoryBio {
  feed(bytes: Uint8Array): number;
  take(most: number): Buffer;
  end(): void;
  /** What OpenSSL has not read, and what nobody has taken. */
  pending(): [number, number];
}

/** Where an operation of a ring belongs: the lease it uses, and the chain it is part of. */
/**
 * A ring. `asked` and `answers` are its constructor's, of four numbers for each operation: see
 * native/bindings/ring_binding.h.
 */
export interface NativeRing {
  /** A reference to the lease's socket, for its operations; answers as {@link NativeLeases} do. */
  attach(leases: NativeLeases, slot: number, generation: number, token: number): number;
  detach(target: number): void;
  /**
   * Starts what is in `asked`, several as a chain, and writes their names there, of two numbers each.
   * 1: there is no room; below 0 as {@link NativeLeases}, and `asked[0]` is the one that was refused.
   */
  start(count: number, memory: readonly Uint8Array[]): number;
  /** By its name. */
  cancel(place: number, generation: number): void;
  /** At once, and not when the loop waits. */
  submit(): void;
  /** Until there is an answer; milliseconds at most. */
  wait(milliseconds: number): void;
  /** Fills in `answers`: name, result and flags of each; returns how many. */
  take(): number;
  /** The bytes in a buffer of the ring, which may be filled again. */
  chunk(buffer: number, size: number): Buffer;
  close(): void;
}

export interface NativeRingClass {
  /** @throws Error with `errno`, a number */
  new (
    entries: number,
    completions: number,
    registered: number,
    bufferCount: number,
    bufferSize: number,
    onAnswers: () => void,
    asked: Int32Array,
    answers: Int32Array,
  ): NativeRing;
  /** `errno`: there is none. */
  features(): { errno: number; features: string[]; opcodes: string[] };
}

/** What native/bindings/tls_object.cc makes: what does not change after the handshake. */
export interface NativeTlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly cipherStandard: string;
  readonly group: string | undefined;
  readonly alpn: string | undefined;
  readonly servername: string | undefined;
  /** DER, the peer's own first. */
  readonly chain: readonly Buffer[];
  readonly verifyResult: number;
  readonly verifyText: string;
  readonly sessionReused: boolean;
  readonly finished: Buffer | undefined;
  readonly peerFinished: Buffer | undefined;
  readonly ocspResponse: Buffer | undefined;
}

export interface NativeAddon {
  /** Versions of what the addon is linked to. */
  libraries(): { libwebsockets: string; liburing: string };
  readonly MemoryBio: new (limit: number) => NativeMemoryBio;
  readonly Ring: NativeRingClass;
  readonly Leases: new (channelKey: number, side: 'main' | 'handler') => NativeLeases;
  readonly Channel: new (
    capacity: number,
    onEvents: OnEvents,
    counts: boolean,
    ceiling: number,
  ) => NativeChannel;
  readonly Service: new (
    channelKey: number,
    handshakesInFlight: number,
    onEvents: OnEvents,
    onBio: OnBio,
    uring: boolean,
  ) => NativeService;
  readonly Endpoint: new (options: EndpointOptions) => NativeEndpoint;
  /** Frees the ArrayBuffer of a view that has all of it. */
  releaseMemory(view: Uint8Array): void;
  /** Why io_uring cannot be a worker's poller here; undefined where it can. */
  uringRefusal(): string | undefined;
  /** `openSslPaths`: SSL_CERT_FILE, SSL_CERT_DIR, or where OpenSSL looks without them. */
  readonly Authorities: new (
    pems: readonly string[],
    openSslPaths: boolean,
  ) => NativeAuthorities;
  /** @throws Error with `option`, the name of the one that OpenSSL refuses */
  readonly TlsContext: new (
    options: TlsContextOptions,
  ) => NativeTlsContext;
  /** @throws Error with the reason for which secrets cannot be appended to that file */
  openKeylog(path: string): void;
}

export const native = loadAddon() as NativeAddon;
