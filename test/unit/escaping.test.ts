import { describe, expect, it } from 'vitest';
import { encodeFields } from '../../src/channel/fields.js';
import { escaped, escapedLines } from '../../src/errors/phrases.js';
import { leaseTrouble } from '../../src/health/lease-trouble.js';
import { warningIn } from '../../src/health/warning-record.js';
import { Warnings } from '../../src/health/warnings.js';
import type { LeaseReport } from '../../src/lease/leaks.js';
import { jsonLine } from '../../tools/src/cli/json.js';
import { processWarnings } from '../fixtures/warnings.js';

/** Red, another title, a line of its own, C1's CSI, turned around, an Arabic mark. */
const EVIL = '\x1b[31m\x1b]0;title\x07\r\n\x9b2J\u202e\u061c';
const HARMLESS = '\\u001b[31m\\u001b]0;title\\u0007\\u000d\\u000a\\u009b2J\\u202e\\u061c';

describe('text that a terminal would obey', () => {
  it('is escaped, and what people write is not', () => {
    expect(escaped(EVIL)).toBe(HARMLESS);
    expect(escaped('Zürich 東京 "it\'s" 🙂')).toBe('Zürich 東京 "it\'s" 🙂');
    expect(escapedLines('Error: a\n    at \x1b[31m')).toBe('Error: a\n    at \\u001b[31m');
  });

  it('as a label of a lease, in its warning', () => {
    const report: LeaseReport = {
      ...{ connection: '1.2.3', mode: 'exclusive', token: 1n, heldFor: 5, stack: '' },
      kind: 'overdue',
      label: EVIL,
    };
    const { message, details } = leaseTrouble(report);
    expect(message).toContain(`lease "${HARMLESS}" on connection`);
    expect(details).toMatchObject({ label: EVIL });
  });

  it('in the words of native code: the path of a capture', () => {
    const { message } = warningIn(encodeFields({ code: 'BIO_CAPTURE', text: EVIL }), '1.2.3', 0);
    expect(message).toBe(`Connection 1.2.3: ${HARMLESS}`);
  });

  it('in a stack that becomes a warning of the process', async () => {
    const shown = processWarnings();
    const warnings = new Warnings({ listens: false, tell: () => undefined });
    const stack = 'at \x1b[31mevil\nat good';
    const details = { blockedFor: 1, stack, noStack: undefined };
    warnings.report({ code: 'WORKER_BLOCKED', message: 'm', worker: 0, details });
    // The process tells of it in the next tick.
    await new Promise(setImmediate);
    expect(shown.map(({ detail }) => detail)).toEqual(['at \\u001b[31mevil\nat good']);
  });

  it('in a line of JSON, which means the same', () => {
    const line = jsonLine({ evil: EVIL });
    expect(line.trimEnd()).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(line)).toEqual({ evil: EVIL });
  });
});
