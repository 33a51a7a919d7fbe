import type { LeaseTls } from 'lws-pool';
import { certificateReport } from './certificates.js';
import type { TlsReport } from './report.js';

/** What a leased connection's TLS shows. */
export function tlsReport(tls: LeaseTls): TlsReport {
  const now = Date.now();
  const { name, standardName } = tls.cipher;
  return {
    source: 'connection',
    version: tls.protocol,
    cipher: name,
    cipherStandard: standardName,
    group: tls.group ?? null,
    alpn: tls.alpn ?? null,
    servername: tls.servername ?? null,
    verified: tls.verifyError === undefined,
    verifyError: tls.verifyError ?? null,
    resumption: 'not tried',
    ocspBytes: tls.ocspResponse?.length ?? null,
    chain: tls.peerCertificates.map((certificate) => certificateReport(certificate, now)),
  };
}
