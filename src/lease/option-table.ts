import {
  boolean,
  int,
  linger,
  milliseconds,
  name,
  type OptionKind,
  uint32,
  uint64,
} from './option-kinds.js';

/** A socket option: where the kernel has it, and what its value is. */
export interface SocketOption<Value, Settable extends boolean = boolean> {
  readonly level: number;
  readonly number: number;
  readonly kind: OptionKind<Value>;
  readonly settable: Settable;
}

export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;

const socket = at(SOL_SOCKET);
const tcp = at(IPPROTO_TCP);
const ip = at(IPPROTO_IP);
const ipv6 = at(IPPROTO_IPV6);

/** socket(7), tcp(7), ip(7) and ipv6(7), by the numbers of Linux on x64 and arm64. */
export const SOCKET_OPTIONS = {
  SO_REUSEADDR: socket.both(2, boolean),
  SO_TYPE: socket.fixed(3, int),
  /** An error number that waits to be reported, 0 for none. Reading it takes it away. */
  SO_ERROR: socket.fixed(SO_ERROR, int),
  SO_DONTROUTE: socket.both(5, boolean),
  /** Bytes; Linux doubles what is set. */
  SO_SNDBUF: socket.both(7, int),
  /** Bytes; Linux doubles what is set. */
  SO_RCVBUF: socket.both(8, int),
  SO_KEEPALIVE: socket.both(9, boolean),
  SO_OOBINLINE: socket.both(10, boolean),
  SO_PRIORITY: socket.both(12, int),
  SO_LINGER: socket.both(13, linger),
  SO_REUSEPORT: socket.both(15, boolean),
  /** Bytes. */
  SO_RCVLOWAT: socket.both(18, int),
  /** Bytes. */
  SO_SNDLOWAT: socket.fixed(19, int),
  /** Milliseconds, 0 for no limit; of no use to a socket that does not block. */
  SO_RCVTIMEO: socket.both(20, milliseconds),
  /** Milliseconds, 0 for no limit; of no use to a socket that does not block. */
  SO_SNDTIMEO: socket.both(21, milliseconds),
  SO_BINDTODEVICE: socket.both(25, name),
  SO_TIMESTAMP: socket.both(29, boolean),
  SO_ACCEPTCONN: socket.fixed(30, boolean),
  SO_TIMESTAMPNS: socket.both(35, boolean),
  SO_MARK: socket.both(36, uint32),
  /** Bits SOF_TIMESTAMPING_... */
  SO_TIMESTAMPING: socket.both(37, uint32),
  SO_PROTOCOL: socket.fixed(38, int),
  SO_DOMAIN: socket.fixed(39, int),
  /** Bytes from the start, -1 for off. */
  SO_PEEK_OFF: socket.both(42, int),
  /** Microseconds. */
  SO_BUSY_POLL: socket.both(46, int),
  /** Bytes per second, 18446744073709551615n for no limit. */
  SO_MAX_PACING_RATE: socket.both(47, uint64),
  /** Index of a CPU. */
  SO_INCOMING_CPU: socket.both(49, int),
  SO_INCOMING_NAPI_ID: socket.fixed(56, uint32),
  SO_COOKIE: socket.fixed(57, uint64),
  SO_ZEROCOPY: socket.both(60, boolean),
  /** Index of a device, 0 for any. */
  SO_BINDTOIFINDEX: socket.both(62, int),
  SO_PREFER_BUSY_POLL: socket.both(69, boolean),
  SO_NETNS_COOKIE: socket.fixed(71, uint64),
  /** Bytes. */
  SO_RESERVE_MEM: socket.both(73, int),
  SO_TXREHASH: socket.both(74, int),

  TCP_NODELAY: tcp.both(1, boolean),
  /** Bytes. */
  TCP_MAXSEG: tcp.both(2, int),
  TCP_CORK: tcp.both(3, boolean),
  /** Seconds. */
  TCP_KEEPIDLE: tcp.both(4, int),
  /** Seconds. */
  TCP_KEEPINTVL: tcp.both(5, int),
  TCP_KEEPCNT: tcp.both(6, int),
  TCP_SYNCNT: tcp.both(7, int),
  /** Seconds; -1 for not at all. */
  TCP_LINGER2: tcp.both(8, int),
  /** Seconds. */
  TCP_DEFER_ACCEPT: tcp.both(9, int),
  /** Bytes. */
  TCP_WINDOW_CLAMP: tcp.both(10, int),
  TCP_QUICKACK: tcp.both(12, boolean),
  TCP_CONGESTION: tcp.both(13, name),
  TCP_THIN_LINEAR_TIMEOUTS: tcp.both(16, boolean),
  TCP_THIN_DUPACK: tcp.both(17, boolean),
  /** Milliseconds, 0 for the system's default. */
  TCP_USER_TIMEOUT: tcp.both(18, int),
  /** Bytes; 0 for the system's default. */
  TCP_NOTSENT_LOWAT: tcp.both(25, uint32),
  TCP_FASTOPEN_CONNECT: tcp.both(30, boolean),
  /** '' for none. */
  TCP_ULP: tcp.both(31, name),
  TCP_INQ: tcp.both(36, boolean),
  /** Microseconds. */
  TCP_TX_DELAY: tcp.both(37, int),
  /** Milliseconds. Linux 6.15. */
  TCP_RTO_MAX_MS: tcp.both(44, int),
  /** Microseconds. Linux 6.15. */
  TCP_RTO_MIN_US: tcp.both(45, int),
  /** Microseconds. Linux 6.15. */
  TCP_DELACK_MAX_US: tcp.both(46, int),

  IP_TOS: ip.both(1, int),
  /** Hops. */
  IP_TTL: ip.both(2, int),
  /** IP_PMTUDISC_...: 0 never, 1 per route, 2 always, 3 always and against the path's MTU. */
  IP_MTU_DISCOVER: ip.both(10, int),
  IP_RECVERR: ip.both(11, boolean),
  /** Bytes. */
  IP_MTU: ip.fixed(14, int),
  IP_FREEBIND: ip.both(15, boolean),
  IP_TRANSPARENT: ip.both(19, boolean),
  /** Hops. */
  IP_MINTTL: ip.both(21, int),
  IP_BIND_ADDRESS_NO_PORT: ip.both(24, boolean),
  /** Lowest port in the lower 16 bits, highest in the upper ones. Linux 6.3. */
  IP_LOCAL_PORT_RANGE: ip.both(51, uint32),

  /** Hops; -1 for the route's. */
  IPV6_UNICAST_HOPS: ipv6.both(16, int),
  /** IPV6_PMTUDISC_..., the numbers of IP_MTU_DISCOVER. */
  IPV6_MTU_DISCOVER: ipv6.both(23, int),
  /** Bytes. */
  IPV6_MTU: ipv6.both(24, int),
  IPV6_RECVERR: ipv6.both(25, boolean),
  IPV6_V6ONLY: ipv6.both(26, boolean),
  IPV6_DONTFRAG: ipv6.both(62, boolean),
  IPV6_TCLASS: ipv6.both(67, int),
  IPV6_AUTOFLOWLABEL: ipv6.both(70, boolean),
  /** Hops. */
  IPV6_MINHOPCOUNT: ipv6.both(73, int),
  IPV6_TRANSPARENT: ipv6.both(75, boolean),
  IPV6_FREEBIND: ipv6.both(78, boolean),
};

function at(level: number) {
  return {
    both: <Value>(number: number, kind: OptionKind<Value>): SocketOption<Value, true> => ({
      ...{ level, number, kind },
      settable: true,
    }),
    fixed: <Value>(number: number, kind: OptionKind<Value>): SocketOption<Value, false> => ({
      ...{ level, number, kind },
      settable: false,
    }),
  };
}
