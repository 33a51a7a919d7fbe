// What crosses between native code and JavaScript: records, one after the other, each a header and
// its payload. The same layout serves both directions; src/channel/record.ts mirrors it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../base/connection_id.h"

namespace lwspool {

// From the worker's service to whoever consumes a connection.
enum class Event : uint16_t {
  opened = 1,      // payload: fields (protocol, extensions, addresses); aux: group
  failed = 2,      // never opened; payload: fields with the error's code; aux: group
  message = 3,     // flags: binary, external
  data = 4,        // bytes of a raw connection; flags: external
  ping = 5,        // payload as it came
  pong = 6,        // payload as it came
  flushed = 7,     // aux: the mark that was reached
  ended = 8,       // a raw peer will send nothing more
  closed = 9,      // aux: close code; payload: fields (reason, and the error's where there is one)
  broadcast = 10,  // aux: group; flags: binary
  leased = 11,     // aux: the request's number; payload: token, or why not (Refusal); a double
  leaseExpired = 12,   // payload: its token, a double
  warned = 13,         // payload: fields (code, text)
  keylog = 14,         // payload: a line of the key log, with its end
  plainBroadcast = 15  // as broadcast, of a message that is not to be compressed
};

// From JavaScript to the worker's service.
enum class Command : uint16_t {
  send = 1,       // flags: binary
  ping = 2,       // payload: at most 125 bytes
  close = 3,      // aux: code (0: none); payload: reason
  terminate = 4,  // at once, also while it is being opened
  pause = 5,
  resume = 6,
  mark = 7,          // aux: a number to be told when all sent so far was taken by the kernel
  end = 8,           // raw: nothing more will be sent
  fail = 9,          // payload: fields; closes with 1011 and reports them
  broadcast = 10,    // aux: group; flags: binary; to all connections of a group
  lease = 11,        // aux: a number for the answer; flags: exclusive, frame; payload: maxHold, ms
                     // (0: for ever), a double
  cancelLease = 12,  // aux: that number
  taken = 13,        // what is held of it is less, see LedgerEntry
  fragment = 14      // of a message; flags: binary, plain, first, last
};

// What it asks for goes to the peer: an exclusive lease that is asked for behind it begins behind
// it. Each side counts these, see LedgerEntry.
constexpr bool isOutput(Command command) {
  return command == Command::send || command == Command::ping || command == Command::close ||
         command == Command::end || command == Command::fail || command == Command::fragment;
}

namespace flag {
inline constexpr uint16_t binary = 1;
inline constexpr uint16_t external =
    2;  // the payload is fetched on its own: it was too long to lie here
inline constexpr uint16_t exclusive = 4;
inline constexpr uint16_t frame = 8;  // wanted between two incoming frames
// The payload lies where users see it: in the other slab of its range (EventLog), `aux` bytes in.
inline constexpr uint16_t shown = 16;
inline constexpr uint16_t plain = 32;  // not to be compressed
inline constexpr uint16_t first = 64;  // of the fragments of a message
inline constexpr uint16_t last = 128;  // of the same
inline constexpr uint16_t within =
    256;  // mark: of whoever sends fragments, for what is sent of them
}  // namespace flag

struct Record {
  uint32_t size;  // of header and payload, rounded up to a multiple of 8
  uint16_t type;
  uint16_t flags;
  uint32_t slot;
  uint32_t generation;
  uint32_t length;  // of the payload, bytes
  uint32_t aux;
};
static_assert(sizeof(Record) == 24);

constexpr size_t recordSize(size_t length) { return (sizeof(Record) + length + 7) & ~size_t{7}; }

}  // namespace lwspool
