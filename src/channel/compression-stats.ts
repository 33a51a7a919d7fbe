/** Messages of one direction that were compressed (permessage-deflate). */
export interface CompressedTraffic {
  /** Bytes of their payloads as they crossed the wire, without frame headers. */
  readonly bytes: number;
  /** Bytes of the same messages without compression. */
  readonly inflatedBytes: number;
  /** The latter by the former: 4 means a quarter of the bytes. Undefined before the first. */
  readonly ratio: number | undefined;
}

/** What compression did; messages that went uncompressed do not count. */
export interface CompressionStats {
  /** Messages from the peer. */
  readonly received: CompressedTraffic;
  /** Messages to the peer. */
  readonly sent: CompressedTraffic;
}

/** @param figure reads one of what native code counts */
export function compressionStats(
  figure: (name: 'encodedReceived' | 'decodedReceived' | 'encodedSent' | 'decodedSent') => number,
): CompressionStats {
  return Object.freeze({
    received: traffic(figure('encodedReceived'), figure('decodedReceived')),
    sent: traffic(figure('encodedSent'), figure('decodedSent')),
  });
}

/** The same of several. */
export function sumCompression(all: readonly CompressionStats[]): CompressionStats {
  const sum = (direction: 'received' | 'sent', what: 'bytes' | 'inflatedBytes') =>
    all.reduce((total, one) => total + one[direction][what], 0);
  return Object.freeze({
    received: traffic(sum('received', 'bytes'), sum('received', 'inflatedBytes')),
    sent: traffic(sum('sent', 'bytes'), sum('sent', 'inflatedBytes')),
  });
}

function traffic(bytes: number, inflatedBytes: number): CompressedTraffic {
  return Object.freeze({
    bytes,
    inflatedBytes,
    ratio: bytes === 0 ? undefined : inflatedBytes / bytes,
  });
}
