/** Content of a message: text, or bytes. */
export type Data = string | ArrayBufferView | ArrayBuffer;

/** What `sendStream()` takes: a stream of `node:stream` or of the web, a generator, a list. */
export type DataSource = AsyncIterable<Data> | Iterable<Data>;
