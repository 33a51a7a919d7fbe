import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Offsets in the header of a 64-bit file, little-endian; see elf(5). */
const SECTION_TABLE = 0x28;
const SECTION_SIZE = 0x3a;
const SECTION_COUNT = 0x3c;
const HEADER_SIZE = 0x40;

/**
 * Whether the end of a shared library is missing, as where a copy of it was broken off: the table of
 * its sections is the last that is in it.
 */
export function isCutOff(file: string): boolean {
  const found = beginningOf(file, HEADER_SIZE);
  if (found === undefined) return false; // The loader will say why.
  const { bytes, size } = found;
  if (bytes.length < HEADER_SIZE || bytes.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const table = Number(bytes.readBigUInt64LE(SECTION_TABLE));
  const entries = bytes.readUInt16LE(SECTION_SIZE) * bytes.readUInt16LE(SECTION_COUNT);
  return size < table + entries;
}

/** Whether Node.js is linked for musl: its first bytes name the loader it needs (PT_INTERP). */
export function isMusl(node: string): boolean {
  return beginningOf(node, 4096)?.bytes.includes('/ld-musl-') ?? false;
}

function beginningOf(file: string, length: number): { bytes: Buffer; size: number } | undefined {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(length);
      const read = readSync(descriptor, bytes);
      return { bytes: bytes.subarray(0, read), size: fstatSync(descriptor).size };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
