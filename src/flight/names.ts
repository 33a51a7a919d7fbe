/** Numbers of other people's that events hold, by the names that these give them. */

/** lws_callback_reasons of libwebsockets, without `LWS_CALLBACK_`: those that clients hear. */
const LWS_REASONS: Readonly<Record<number, string>> = {
  1: 'CLIENT_CONNECTION_ERROR',
  2: 'CLIENT_FILTER_PRE_ESTABLISH',
  10: 'CLIENT_WRITEABLE',
  19: 'SERVER_NEW_CLIENT_INSTANTIATED',
  23: 'OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION',
  24: 'CLIENT_APPEND_HANDSHAKE_HEADER',
  29: 'WSI_CREATE',
  30: 'WSI_DESTROY',
  31: 'GET_THREAD_ID',
  44: 'ESTABLISHED_CLIENT_HTTP',
  45: 'CLOSED_CLIENT_HTTP',
  46: 'RECEIVE_CLIENT_HTTP',
  47: 'COMPLETED_CLIENT_HTTP',
  48: 'RECEIVE_CLIENT_HTTP_READ',
  49: 'HTTP_BIND_PROTOCOL',
  50: 'HTTP_DROP_PROTOCOL',
  57: 'CLIENT_HTTP_WRITEABLE',
  59: 'RAW_RX',
  60: 'RAW_CLOSE',
  61: 'RAW_WRITEABLE',
  62: 'RAW_ADOPT',
  71: 'EVENT_WAIT_CANCELLED',
  73: 'TIMER',
  75: 'CLIENT_CLOSED',
  76: 'CLIENT_HTTP_DROP_PROTOCOL',
  81: 'RAW_SKT_BIND_PROTOCOL',
  82: 'RAW_SKT_DROP_PROTOCOL',
  85: 'CLIENT_HTTP_BIND_PROTOCOL',
  101: 'RAW_CONNECTED',
  104: 'CLIENT_HTTP_REDIRECT',
};

/** ContentType: RFC 8446, 5.1. */
const TLS_CONTENTS: Readonly<Record<number, string>> = {
  20: 'change_cipher_spec',
  21: 'alert',
  22: 'handshake',
  23: 'application_data',
};

/** HandshakeType: RFC 8446, 4; RFC 5246, 7.4; RFC 6066. */
const TLS_HANDSHAKES: Readonly<Record<number, string>> = {
  0: 'hello_request',
  1: 'client_hello',
  2: 'server_hello',
  4: 'new_session_ticket',
  5: 'end_of_early_data',
  8: 'encrypted_extensions',
  11: 'certificate',
  12: 'server_key_exchange',
  13: 'certificate_request',
  14: 'server_hello_done',
  15: 'certificate_verify',
  16: 'client_key_exchange',
  20: 'finished',
  22: 'certificate_status',
  24: 'key_update',
};

/** AlertDescription: RFC 8446, 6; RFC 5246, 7.2. */
const TLS_ALERTS: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
};

const TLS_VERSIONS: Readonly<Record<number, string>> = {
  769: 'TLSv1',
  770: 'TLSv1.1',
  771: 'TLSv1.2',
  772: 'TLSv1.3',
};

const named = (names: Readonly<Record<number, string>>) => (number: number) =>
  names[number] ?? `${number}`;

export const lwsReason = named(LWS_REASONS);
export const tlsContent = named(TLS_CONTENTS);
export const tlsHandshake = named(TLS_HANDSHAKES);
export const tlsAlert = named(TLS_ALERTS);
export const tlsVersion = named(TLS_VERSIONS);
