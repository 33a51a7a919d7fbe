/** RFC 1035 section 2.3.4, without the dots between labels and the empty label of the root. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

/**
 * What is wrong with a name as DNS has it, in its ASCII form and without a trailing dot; undefined:
 * nothing. An empty label above all: to OpenSSL ".example.com" is every name below example.com
 * (X509_check_host(3)), and no certificate must be accepted for that.
 */
export function wrongWithName(name: string): string | undefined {
  const labels = name.split('.');
  if (labels.includes('')) return 'a part of the name is empty: a dot too many';
  if (labels.some((label) => label.length > LONGEST_LABEL)) {
    return `a part of the name is longer than ${LONGEST_LABEL} characters`;
  }
  if (name.length > LONGEST_NAME) return `the name is longer than ${LONGEST_NAME} characters`;
  return undefined;
}
