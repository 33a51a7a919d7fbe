/** State of a TCP connection: the kernel's names, without `TCP_`. */
export type TcpState =
  | 'ESTABLISHED'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'FIN_WAIT1'
  | 'FIN_WAIT2'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'LISTEN'
  | 'CLOSING'
  | 'NEW_SYN_RECV'
  | 'BOUND_INACTIVE'
  | 'UNKNOWN';

/** By number, from 1: include/net/tcp_states.h. */
export const TCP_STATES = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
  'BOUND_INACTIVE',
] as const satisfies readonly TcpState[];

/** State of the congestion control: `enum tcp_ca_state` of the kernel, without `TCP_CA_`. */
export type CongestionState = 'Open' | 'Disorder' | 'CWR' | 'Recovery' | 'Loss' | 'UNKNOWN';

export const CONGESTION_STATES = ['Open', 'Disorder', 'CWR', 'Recovery', 'Loss'] as const;

/** enum tcp_fastopen_client_fail */
export const FASTOPEN_FAILURES = [
  'UNSPEC',
  'COOKIE_UNAVAILABLE',
  'DATA_NOT_ACKED',
  'SYN_RETRANSMITTED',
] as const;

/** TCPI_ECN_MODE_... */
export const ECN_MODES = ['DISABLED', 'RFC3168', 'ACCECN', 'PENDING'] as const;

/** TCP_ACCECN_OPT_... */
export const ACCECN_OPTION = ['NOT_SEEN', 'EMPTY_SEEN', 'COUNTER_SEEN', 'FAIL_SEEN'] as const;

/** TCP options agreed on in the handshake, and how they went: `TCPI_OPT_...` of the kernel. */
export interface TcpInfoOptions {
  /** Both ends send timestamps (RFC 7323). */
  readonly timestamps: boolean;
  /** Both ends take selective acknowledgements (RFC 2018). */
  readonly sack: boolean;
  /** Both ends scale their windows (RFC 7323). */
  readonly wscale: boolean;
  /** Explicit congestion notification was negotiated (RFC 3168). */
  readonly ecn: boolean;
  /** At least one packet came in that may carry ECN marks. */
  readonly ecnSeen: boolean;
  /** Data in the SYN was acknowledged with the SYN (TCP Fast Open, RFC 7413). */
  readonly synData: boolean;
  /** Timestamps count microseconds (Linux 6.7). */
  readonly usecTs: boolean;
  /** Accepted from a SYN with a valid Fast Open cookie; never so for a client. */
  readonly tfoChild: boolean;
}

/**
 * `struct tcp_info` of Linux, tcp(7), with the kernel's units: **us** are microseconds, **ms**
 * milliseconds, segments are packets of at most `sndMss` bytes. Counters count from the beginning
 * of the connection; those of 32 bits start again at 0 after 4,294,967,295. What the running kernel
 * is too old to know is undefined.
 */
export interface TcpInfo {
  /** State of the connection. */
  readonly state: TcpState;
  /** State of the congestion control. */
  readonly caState: CongestionState;
  /** Retransmission timeouts in a row without an answer. */
  readonly retransmits: number;
  /** Window or keep-alive probes without an answer. */
  readonly probes: number;
  /** How many times the retransmission timeout was doubled. */
  readonly backoff: number;
  /** TCP options that both ends agreed on. */
  readonly options: TcpInfoOptions;
  /** The peer's windows are shifted left by so many bits. */
  readonly sndWscale: number;
  /** Our windows are shifted left by so many bits. */
  readonly rcvWscale: number;
  /** `deliveryRate` was measured while the application had too little to send. */
  readonly deliveryRateAppLimited: boolean;
  /** Why TCP Fast Open failed; `UNSPEC` where it was not used or did not fail. */
  readonly fastopenClientFail: (typeof FASTOPEN_FAILURES)[number];

  /** Retransmission timeout, us. */
  readonly rto: number;
  /** Time after which an acknowledgement that is held back is sent, us. */
  readonly ato: number;
  /** Largest segment that is sent, bytes. */
  readonly sndMss: number;
  /** Largest segment that came in, as estimated for delayed acknowledgements, bytes. */
  readonly rcvMss: number;
  /** Sent and not acknowledged, segments. */
  readonly unacked: number;
  /** Of these, acknowledged selectively, segments. */
  readonly sacked: number;
  /** Of these, thought to be lost, segments. */
  readonly lost: number;
  /** Retransmitted and not acknowledged, segments. */
  readonly retrans: number;
  /** Not kept by Linux 4.15 or newer: 0. */
  readonly fackets: number;
  /** Since data was last sent, ms. */
  readonly lastDataSent: number;
  /** Not kept by the kernel: 0. */
  readonly lastAckSent: number;
  /** Since data last came in, ms. */
  readonly lastDataRecv: number;
  /** Since an acknowledgement last came in, ms. */
  readonly lastAckRecv: number;
  /** Largest packet the path takes, bytes. */
  readonly pmtu: number;
  /** Up to where the receive window may grow, bytes. */
  readonly rcvSsthresh: number;
  /** Smoothed round trip, us. */
  readonly rtt: number;
  /** How much round trips vary: mean deviation, us. */
  readonly rttvar: number;
  /** Where slow start ends, segments; 2,147,483,647: not found yet. */
  readonly sndSsthresh: number;
  /** Congestion window, segments. */
  readonly sndCwnd: number;
  /** Largest segment we told the peer to send, bytes. */
  readonly advmss: number;
  /** How far packets are taken to overtake each other, segments. */
  readonly reordering: number;
  /** Round trip as estimated by the receiver, us; 0: not known. */
  readonly rcvRtt: number;
  /** What the application reads in a round trip, by which the buffer is sized, bytes. */
  readonly rcvSpace: number;
  /** Retransmissions, segments. */
  readonly totalRetrans: number;

  /** At most so much is sent, bytes per second; 18,446,744,073,709,551,615: no limit. */
  readonly pacingRate: bigint | undefined;
  /** SO_MAX_PACING_RATE, bytes per second; 18,446,744,073,709,551,615: no limit. */
  readonly maxPacingRate: bigint | undefined;
  /** Sent and acknowledged, bytes; the SYN counts as one. */
  readonly bytesAcked: bigint | undefined;
  /** Came in and were acknowledged, bytes. */
  readonly bytesReceived: bigint | undefined;
  /** Sent, with retransmissions and bare acknowledgements, segments. */
  readonly segsOut: number | undefined;
  /** Came in, with bare acknowledgements, segments. */
  readonly segsIn: number | undefined;
  /** Written and not sent yet, bytes. */
  readonly notsentBytes: number | undefined;
  /** Shortest round trip of late, us; 4,294,967,295: none was measured. */
  readonly minRtt: number | undefined;
  /** Came in with data, segments. */
  readonly dataSegsIn: number | undefined;
  /** Sent with data, with retransmissions, segments. */
  readonly dataSegsOut: number | undefined;
  /** How fast the peer gets data, by the latest measurement, bytes per second. */
  readonly deliveryRate: bigint | undefined;
  /** Time in which there was data to send, us. */
  readonly busyTime: bigint | undefined;
  /** Of `busyTime`: held up by the peer's window, us. */
  readonly rwndLimited: bigint | undefined;
  /** Of `busyTime`: held up by our send buffer, us. */
  readonly sndbufLimited: bigint | undefined;
  /** Known to have been delivered, segments. */
  readonly delivered: number | undefined;
  /** Of these, with a mark of congestion (ECN), segments. */
  readonly deliveredCe: number | undefined;
  /** Sent with retransmissions, bytes. */
  readonly bytesSent: bigint | undefined;
  /** Retransmitted, bytes. */
  readonly bytesRetrans: bigint | undefined;
  /** Segments the peer said it got twice (RFC 2883). */
  readonly dsackDups: number | undefined;
  /** How many times packets were seen to overtake each other. */
  readonly reordSeen: number | undefined;
  /** Came in out of order, segments. */
  readonly rcvOoopack: number | undefined;
  /** The window the peer grants us, scaled, bytes. Linux 5.4. */
  readonly sndWnd: number | undefined;
  /** The window we grant the peer, scaled, bytes. Linux 6.2. */
  readonly rcvWnd: number | undefined;
  /** How many times another path was tried, by a new flow hash. Linux 6.2. */
  readonly rehash: number | undefined;
  /** Retransmission timeouts, those of the handshake too. Linux 6.7. */
  readonly totalRto: number | undefined;
  /** Recoveries from such timeouts, with one under way. Linux 6.7. */
  readonly totalRtoRecoveries: number | undefined;
  /** Time spent in these recoveries, ms. Linux 6.7. */
  readonly totalRtoTime: number | undefined;

  /** Came in with a mark of congestion, segments. This and what follows: Linux 6.18. */
  readonly receivedCe: number | undefined;
  /** Accurate ECN (RFC 9768): sent as ECT(1) and delivered, bytes. */
  readonly deliveredE1Bytes: number | undefined;
  /** Sent as ECT(0) and delivered, bytes. */
  readonly deliveredE0Bytes: number | undefined;
  /** Delivered with a mark of congestion, bytes. */
  readonly deliveredCeBytes: number | undefined;
  /** Came in as ECT(1), bytes. */
  readonly receivedE1Bytes: number | undefined;
  /** Came in as ECT(0), bytes. */
  readonly receivedE0Bytes: number | undefined;
  /** Came in with a mark of congestion, bytes. */
  readonly receivedCeBytes: number | undefined;
  /** What ECN was negotiated. Linux 7.0. */
  readonly ecnMode: (typeof ECN_MODES)[number] | undefined;
  /** What came of the Accurate ECN option. */
  readonly accecnOptSeen: (typeof ACCECN_OPTION)[number] | undefined;
  /** Bits: 1, 2 the ACE field failed to be sent, received; 4, 8 the option so. */
  readonly accecnFailMode: number | undefined;
  /** More bits of options, none with a meaning yet. Linux 7.0. */
  readonly options2: number | undefined;
}
