// The place where an extension such as permessage-deflate (RFC 7692) fits: it owns RSV1 and
// changes messages on their way in and out. One object per connection, made for the opening
// handshake. What concerns messages in belongs with the connection's decoder, to one thread at a
// time; all else is for the worker's thread alone, but for voidReceived().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bytes.h"
#include "failure.h"

namespace lwspool::ws {

// What does not fit in the parameters of an answer.
struct Misfit {
  std::string parameter;
  const char* problem;  // for people
};

class Extension {
 public:
  virtual ~Extension() = default;

  // The extension-token, e.g. "permessage-deflate".
  virtual std::string_view name() const = 0;

  // Client: the parameters to offer, without the name ("" or "client_max_window_bits; ...").
  virtual std::string offer() const = 0;

  // Client: takes the parameters of the server's answer, or says which does not fit the offer.
  virtual std::optional<Misfit> accept(std::string_view parameters) = 0;

  // Server: the parameters to answer to one offer with this name, or nothing to decline it.
  virtual std::optional<std::string> answer(std::string_view parameters) = 0;

  // --- messages in

  // The most bytes that a message of `size` bytes may take on the wire.
  virtual uint64_t encodedBound(uint64_t size) const = 0;

  struct Step {
    size_t taken = 0;                  // bytes of the message on the wire
    size_t written = 0;                // bytes of the decoded one
    bool done = false;                 // all that was given is decoded; else there was no room
    const Failure* failure = nullptr;  // of the connection; nothing else counts then
  };
  // Decodes what comes next of a message that began with RSV1 set, into at least one byte of room,
  // and neither takes nor writes more than was given. `last`: it ends behind these bytes. Where a
  // step is not done, the next one is given what is left, with the same `last`.
  virtual Step decode(std::span<const uint8_t> data, bool last, std::span<uint8_t> room) = 0;

  // What the decoder keeps of a message that began with RSV1 set.
  struct Inbound {
    Bytes message;         // decoded so far
    Bytes backlog;         // bytes of the stream behind a frame that is not all decoded
    size_t backlogAt = 0;  // before it they are taken
    size_t taken = 0;      // of the frame that is held: decoded
    uint64_t before = 0;   // encoded bytes of the message's earlier frames
    size_t budget = 0;     // bytes that may still be decoded at this call
    bool suspended = false;
  };
  Inbound in;

  // Bytes that passed the connection unseen may have been messages with RSV1 set: what is kept of
  // earlier ones is not what the peer's next one refers to. Such a message is refused.
  virtual void voidReceived() {}

  // --- messages out

  // Encodes a whole message, to be sent with RSV1 set. Nothing: it is to be sent as it is. The
  // bytes are valid until the worker's next call of either of the two functions.
  virtual std::optional<std::span<const uint8_t>> encode(std::span<const uint8_t> message) = 0;
  // The same for what comes next of one message that is sent in fragments, after beginPieces() had
  // nothing against it; no other message is encoded before its last piece.
  virtual bool beginPieces() = 0;
  virtual std::span<const uint8_t> encodePiece(std::span<const uint8_t> piece, bool last) = 0;
  // What one message is encoded to depends on those before it: they have to leave in that order,
  // and nobody may send one between them without voidSent().
  virtual bool linksSent() const { return false; }
  // The peer's view of what was sent is not ours any more: the next message refers to nothing.
  virtual void voidSent() {}

  // Bytes of messages with RSV1 set, on the wire and apart from it.
  struct Counts {
    uint64_t encoded = 0;
    uint64_t decoded = 0;
  };
  Counts received;
  Counts sent;
};

}  // namespace lwspool::ws
