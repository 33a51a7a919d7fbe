import { type HandlerConnection, LwsPoolError } from 'lws-pool';

/** What an exclusive lease on one connection shows, in the middle of its traffic. */
export interface Inspection {
  readonly descriptor: number;
  /** Smoothed round trip, as the kernel measures it (tcpi_rtt). */
  readonly rttMicros: number;
  /** Congestion window in segments (tcpi_snd_cwnd). */
  readonly congestionWindow: number;
  readonly tls: { readonly version: string; readonly cipher: string } | null;
  /** How long the connection was held; its traffic waited. */
  readonly heldMicros: number;
}

/** Milliseconds. */
const PATIENCE = 1_000;

/** Returns nothing where the connection ends meanwhile, or has no TCP. */
export async function inspect(connection: HandlerConnection): Promise<Inspection | undefined> {
  try {
    return await connection.withLease(
      'exclusive',
      { timeout: PATIENCE, label: 'inspection' },
      (lease): Inspection => {
        const began = performance.now();
        const { rtt, sndCwnd } = lease.socket.tcpInfo();
        const { tls } = lease;
        return {
          descriptor: lease.fd,
          rttMicros: rtt,
          congestionWindow: sndCwnd,
          tls: tls === undefined ? null : { version: tls.protocol, cipher: tls.cipher.name },
          heldMicros: Math.round((performance.now() - began) * 1e3),
        };
      },
    );
  } catch (error) {
    if (error instanceof LwsPoolError) return undefined;
    throw error;
  }
}
