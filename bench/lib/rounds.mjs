import { measure } from './measure.mjs';

/**
 * Measures a row with every peer in turn, round after round (A B C, A B C, ...), so
 * that whatever changes on the machine meanwhile changes for all of them. A peer that
 * fails is not asked again in this row.
 *
 * @param {import('../scopes/index.mjs').Row} row
 * @param {import('../peers/index.mjs').Peer[]} peers
 * @param {{ runs: number, warmupRound: boolean }} rounds
 * @param {Parameters<typeof measure>[2] & { progress: (text: string) => void }} settings
 * @returns {Promise<Map<string, { results: import('../peers/contract/result.mjs').Result[], error?: string }>>}
 */
export async function runRounds(row, peers, { runs, warmupRound }, settings) {
  const measured = new Map(peers.map((peer) => [peer.name, { results: [] }]));
  const first = warmupRound ? 0 : 1;
  for (let round = first; round <= runs; round++) {
    for (const peer of peers) {
      const own = measured.get(peer.name);
      if (own.error) continue;
      settings.progress(
        `${row.id}: ${round === 0 ? 'warm-up round' : `round ${round} of ${runs}`}, ${peer.name}`,
      );
      try {
        const result = await measure(peer, row, settings);
        if (result.failed > 0 && row.metric !== 'failures') {
          throw new Error(`${result.failed} connections failed: ${result.failures.join('; ')}`);
        }
        if (round > 0) own.results.push(result);
      } catch (error) {
        own.error = error.message;
      }
    }
  }
  return measured;
}
