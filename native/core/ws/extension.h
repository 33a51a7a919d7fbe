// The place where an extension such as permessage-deflate (RFC 7692) fits: it owns RSV1 and
// changes whole messages on their way in and out. One object per connection, made before the
// opening handshake; owned by one thread at a time, together with the connection's decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bytes.h"
#include "failure.h"

namespace lwspool::ws {

class Extension {
 public:
  virtual ~Extension() = default;

  // The extension-token, e.g. "permessage-deflate".
  virtual std::string_view name() const = 0;

  // Client: the parameters to offer, without the name ("" or "client_max_window_bits; ...").
  virtual std::string offer() const = 0;

  // Client: takes the parameters of the server's answer; false when they do not fit the offer.
  virtual bool accept(std::string_view parameters) = 0;

  // Server: the parameters to answer to one offer with this name, or nothing to decline it.
  virtual std::optional<std::string> answer(std::string_view parameters) = 0;

  // The most bytes that a message of `size` bytes may take on the wire; bounds what the decoder
  // gathers for a message that arrives encoded.
  virtual uint64_t encodedBound(uint64_t size) const = 0;

  // Decodes one message that arrived with RSV1 set. `out` is empty; it gets at most `maxPayload`
  // bytes, else the failure is messageTooBig. nullptr when all is well.
  virtual const Failure* decode(const uint8_t* data, size_t size, uint64_t maxPayload,
                                Bytes& out) = 0;

  // Encodes one message into `out` (empty before), to be sent with RSV1 set. false: send the
  // message as it is, without RSV1.
  virtual bool encode(const uint8_t* data, size_t size, Bytes& out) = 0;
};

}  // namespace lwspool::ws
