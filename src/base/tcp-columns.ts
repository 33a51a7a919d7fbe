/**
 * What the kernel says of a connection's TCP, in the order in which it lies in memory: TcpFigures in
 * native/core/stats/tcp_figures.h. Names as in {@link TcpInfo}, but times are milliseconds.
 */
export const TCP_FIGURES = [
  'generation',
  'sampled',
  'state',
  'rtt',
  'rttvar',
  'minRtt',
  'rto',
  'cwnd',
  'sndMss',
  'unacked',
  'lost',
  'backoff',
  'retransmits',
  'bytesRetrans',
  'bytesAcked',
  'deliveryRate',
  'busyTime',
  'rwndLimited',
  'sndbufLimited',
  'lastDataRecv',
  'lastAckRecv',
  'unsent',
  'unread',
] as const satisfies readonly (TcpColumnName | 'generation' | 'state')[];

export const TCP_ROW = TCP_FIGURES.length;

/** Those that can be asked for: all but what tells whose they are, and the number of the state. */
export const TCP_COLUMNS = TCP_FIGURES.filter(
  (name): name is TcpColumnName => name !== 'generation' && name !== 'state',
);

/** A column of {@link Sample.column} from TCP_INFO: names of {@link TcpInfo}, times in milliseconds. */
export type TcpColumnName =
  | 'sampled'
  | 'rtt'
  | 'rttvar'
  | 'minRtt'
  | 'rto'
  | 'cwnd'
  | 'sndMss'
  | 'unacked'
  | 'lost'
  | 'backoff'
  | 'retransmits'
  | 'bytesRetrans'
  | 'bytesAcked'
  | 'deliveryRate'
  | 'busyTime'
  | 'rwndLimited'
  | 'sndbufLimited'
  | 'lastDataRecv'
  | 'lastAckRecv'
  | 'unsent'
  | 'unread';
