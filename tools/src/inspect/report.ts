import type { TcpInfo } from 'lws-pool';

/**
 * What an inspection found: the object that `lws-pool inspect --json` prints, described in
 * docs/monitoring.md. Times are milliseconds, sizes bytes; `null` is what does not apply or could
 * not be learned. Texts of the peer are as it sent them: whoever prints them has to escape them.
 */
export interface InspectReport {
  /** Without credentials. */
  readonly url: string;
  /** ISO 8601. */
  readonly at: string;
  readonly ok: boolean;
  readonly exitStatus: number;
  /** What is wrong; null: nothing. */
  readonly problem: Problem | null;
  /** What works and should still be looked after. */
  readonly warnings: readonly string[];
  /** Null for an address or a Unix socket. */
  readonly name: NameReport | null;
  readonly address: AddressReport | null;
  readonly phases: PhasesReport;
  readonly tls: TlsReport | null;
  readonly socket: SocketReport | null;
  readonly websocket: WebSocketReport | null;
  readonly pings: PingsReport | null;
}

export interface Problem {
  /** As in docs/errors.md, or ERR_NO_SUBPROTOCOL, ERR_NO_PONG, ERR_CLOSED_EARLY. */
  readonly code: string;
  /** What is wrong, in one line. */
  readonly headline: string;
  /** What to do. */
  readonly advice: string;
}

export interface NameReport {
  readonly host: string;
  /** In the order of the resolver. */
  readonly addresses: readonly { readonly address: string; readonly family: number }[];
}

export interface AddressReport {
  /** Address and port, or the path of a Unix socket. */
  readonly remote: string;
  /** Null where no connection came to stand. */
  readonly local: string | null;
  /** Addresses that were tried, with the one that counts. */
  readonly attempts: number;
  /** Those that failed, where several were tried and none stood. */
  readonly failed: readonly { readonly address: string; readonly code: string }[];
}

/** How long each part took; those of TCP and TLS by the second look, where `tls` is from that. */
export interface PhasesReport {
  readonly lookup: number | null;
  readonly tcp: number | null;
  readonly tls: number | null;
  readonly upgrade: number | null;
  /** All of these; of a connection that failed, the time until it had. */
  readonly total: number;
}

export interface TlsReport {
  /**
   * `connection`: the one that was inspected. `second look`: that one failed, and this is from
   * another that checked no certificate and sent no request.
   */
  readonly source: 'connection' | 'second look';
  readonly version: string;
  readonly cipher: string;
  /** IANA's name of the cipher. */
  readonly cipherStandard: string;
  /** Group of the key exchange. */
  readonly group: string | null;
  readonly alpn: string | null;
  /** The name that was sent (SNI). */
  readonly servername: string | null;
  readonly verified: boolean;
  /** Why not, in OpenSSL's words. */
  readonly verifyError: string | null;
  readonly resumption: Resumption;
  /** The DER of the OCSP response that was stapled. */
  readonly ocspBytes: number | null;
  /** As the peer sent it, its own certificate first. */
  readonly chain: readonly CertificateReport[];
}

export type Resumption = 'resumed' | 'not resumed' | 'no ticket' | 'failed' | 'not tried';

export interface CertificateReport {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Whole days until `validTo`; below 0: that it has been over for. */
  readonly daysLeft: number;
  readonly altNames: readonly string[];
  /** `rsa`, `ec`, `ed25519`, ... */
  readonly keyType: string | null;
  /** Bits of an RSA key, or the curve. */
  readonly keySize: number | string | null;
  readonly serialNumber: string;
  /** SHA-256 of the DER. */
  readonly fingerprint256: string;
}

export interface SocketReport {
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
  readonly keepAlive: boolean;
  /** Null for a Unix socket; so are the others. */
  readonly noDelay: boolean | null;
  readonly congestionControl: string | null;
  readonly tcpInfo: TcpInfoReport | null;
}

/** With the kernel's names and units (see `TcpInfo`), those of 64 bits as numbers; null: no limit. */
export type TcpInfoReport = {
  readonly [Name in keyof TcpInfo]: TcpInfo[Name] extends bigint | undefined
    ? number | null | undefined
    : TcpInfo[Name];
};

export interface WebSocketReport {
  /** Names and values as sent, what may be a secret hidden. */
  readonly request: { readonly line: string; readonly headers: readonly HeaderLine[] };
  /** Null where no answer came that could be read. */
  readonly response: {
    readonly status: number;
    /** By lower-case name. */
    readonly headers: readonly HeaderLine[];
    /** The first KiB of what came with a refusal. */
    readonly body: string | null;
  } | null;
  /** '' for none; null: not open. */
  readonly protocol: string | null;
  readonly extensions: string | null;
}

export type HeaderLine = readonly [name: string, value: string];

export interface PingsReport {
  readonly sent: number;
  readonly answered: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
}
