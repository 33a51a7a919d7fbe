/** The id of a connection, unique in the process: channels, slots and generations are numbered. */
export function connectionId(channel: number, slot: number, generation: number): string {
  return `${channel}.${slot}.${generation}`;
}
