/** The same bytes for every peer. `json`: quotes as an exchange sends them, cut to that size. */
export function makePayload(size, kind = 'bytes') {
  if (kind === 'json') return Buffer.from(quotes(size));
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31) & 0xff));
}

function quotes(size) {
  const rows = [];
  for (let i = 0; rows.length * 60 < size + 60; i++) {
    const mixed = Math.imul(i + 1, 0x9e3779b1) >>> 0;
    rows.push({
      symbol: `SYM${mixed % 97}`,
      bid: (mixed % 1_000_003) / 100,
      ask: (mixed % 1_000_033) / 100,
      time: 1_700_000_000_000 + (mixed % 86_400_000),
    });
  }
  return JSON.stringify(rows).slice(0, size);
}
