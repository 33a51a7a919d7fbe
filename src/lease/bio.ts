import type { BioFigures, NativeBio, TlsRecord } from '../base/bio-figures.js';

const TYPES = [
  'change_cipher_spec',
  'alert',
  'handshake',
  'application_data',
  'heartbeat',
] as const;
/** ContentType of the first of them. */
const FIRST_TYPE = 20;
/** Numbers for each record: time, whether it was sent, type, length. */
const FIELDS = 4;

export function figuresOf(bio: NativeBio): BioFigures {
  if (bio.type !== 'recorder') return bio;
  const { packed, ...figures } = bio;
  const records: TlsRecord[] = [];
  for (let at = 0; at < packed.length; at += FIELDS) {
    const [time, sent, type, length] = packed.subarray(at, at + FIELDS) as unknown as number[];
    records.push({
      time: time as number,
      direction: sent === 1 ? 'out' : 'in',
      type: TYPES[(type as number) - FIRST_TYPE] ?? 'application_data',
      length: length as number,
    });
  }
  return { ...figures, records };
}
