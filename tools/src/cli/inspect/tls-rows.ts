import type { CertificateReport, Resumption, TlsReport } from '../../inspect/report.js';
import { count, counted } from '../quantities.js';
import { plain, type Sheet } from './sheet.js';

/** Below this, days are painted; warnings.ts says so in words. */
const FEW_DAYS = 14;

export function writeTls(sheet: Sheet, tls: TlsReport): void {
  const { good, bad, warning } = sheet.style;
  sheet.section();
  sheet.list('TLS', [tls.version, tls.cipher, ...(tls.group === null ? [] : [tls.group])]);
  if (tls.source === 'second look') {
    sheet.row('', 'a second look: nothing was verified, no request sent', warning);
  }
  sheet.row('server name', tls.servername ?? 'none sent');
  sheet.row('ALPN', tls.alpn ?? 'none agreed on');
  const overlooked = tls.source === 'connection' ? warning : bad;
  if (tls.verified) sheet.row('verification', 'good', good);
  else sheet.row('verification', `failed: ${tls.verifyError ?? 'unknown'}`, overlooked);
  const resumption = RESUMPTION[tls.resumption];
  if (resumption !== undefined) sheet.row('resumption', resumption);
  sheet.row('OCSP', tls.ocspBytes === null ? 'none stapled' : `stapled, ${tls.ocspBytes} bytes`);
  for (const [at, certificate] of tls.chain.entries()) writeCertificate(sheet, certificate, at);
}

const RESUMPTION: Readonly<Record<Resumption, string | undefined>> = {
  resumed: 'a second connection resumed the session',
  'not resumed': 'a second connection had to make a full handshake',
  'no ticket': 'the server gave no session to resume',
  failed: 'the second connection failed',
  'not tried': undefined,
};

function writeCertificate(sheet: Sheet, certificate: CertificateReport, at: number): void {
  const { subject, issuer, altNames, fingerprint256 } = certificate;
  sheet.section();
  sheet.row(`certificate ${at + 1}`, subject === '' ? '(no subject)' : subject);
  sheet.row('  issuer', issuer === subject ? 'itself' : issuer);
  sheet.row('  valid', validity(certificate), paintOf(sheet, certificate));
  if (altNames.length > 0) sheet.list('  names', altNames.map(shortName));
  sheet.row('  key', keyOf(certificate));
  // Two lines of sixteen bytes.
  const middle = Math.ceil(fingerprint256.length / 2);
  sheet.rows('  SHA-256', [fingerprint256.slice(0, middle), fingerprint256.slice(middle)]);
}

function validity({ validFrom, validTo, daysLeft }: CertificateReport): string {
  const dates = `${day(validFrom)} to ${day(validTo)}`;
  if (daysLeft >= 0) return `${dates}, ${counted(daysLeft, 'day')} left`;
  // The day on which it ended is -1.
  return `${dates}, expired ${daysLeft === -1 ? 'today' : `${counted(-daysLeft - 1, 'day')} ago`}`;
}

function paintOf({ style }: Sheet, { validFrom, daysLeft }: CertificateReport) {
  if (daysLeft < 0 || Date.parse(validFrom) > Date.now()) return style.bad;
  return daysLeft < FEW_DAYS ? style.warning : plain;
}

function day(instant: string): string {
  return instant.slice(0, 'YYYY-MM-DD'.length);
}

/** `DNS:example.com` is a name without more ado. */
function shortName(name: string): string {
  return name.replace(/^DNS:/, '').replace(/^IP Address:/, '');
}

function keyOf({ keyType, keySize }: CertificateReport): string {
  if (keyType === null) return 'of an unknown kind';
  const name = keyType === 'rsa' || keyType === 'ec' ? keyType.toUpperCase() : keyType;
  if (keySize === null) return name;
  return typeof keySize === 'number' ? `${name}, ${count(keySize)} bits` : `${name}, ${keySize}`;
}
