// The opening handshake (RFC 6455, 4): keys, the client's check of the answer, the server's words.
// Free functions that keep no state: callable from any thread. An Extension handed in belongs to
// the calling thread meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "extension.h"
#include "mask.h"

namespace lwspool::ws {

// A fresh Sec-WebSocket-Key: 16 random bytes in base64.
std::string makeKey(MaskSource& random);

// Sixteen bytes in base64, as makeKey gives them?
bool isKey(std::string_view key);

// Client: the whole head of a request but for the blank line, from all that does not depend on the
// key.
std::string makeRequest(std::string_view head, std::string_view key);

// The Sec-WebSocket-Accept that belongs to a key.
std::string acceptFor(std::string_view key);

// What the client asked for.
struct Request {
  std::string_view key;
  std::span<const std::string> protocols = {};
  Extension* extension = nullptr;           // the one offered, if any
  bool requiresProtocol = false;            // one of those offered has to be chosen
  std::optional<Misfit>* misfit = nullptr;  // where it is told which parameter of its does not fit
};

// Fields of a 101 response, several of one name joined with commas; empty: absent.
struct ResponseHead {
  std::string_view upgrade;
  std::string_view connection;
  std::string_view accept;
  std::string_view protocol;
  std::string_view extensions;
};

enum class HandshakeError : uint8_t {
  none,
  badUpgrade,
  badConnection,
  badAccept,
  unaskedProtocol,   // not one of those offered
  noProtocol,        // none, where one is required
  unaskedExtension,  // not the one offered, or with parameters that do not fit the offer
};

// Client: may the connection be used? An answer without a protocol, or with an empty one, passes
// even where some were offered, as the RFC has it, unless one is required. `none` with
// head.extensions not empty: the extension is in use.
HandshakeError checkResponse(const ResponseHead& head, const Request& request);

// Values of Sec-WebSocket-Extensions. Client: the offer. Server: the answer to the first offer
// that the extension takes, empty when there is none.
std::string offerOf(const Extension& extension);
std::string answerOf(Extension& extension, std::string_view offers);

// Server: the whole head of a 101 response. The protocol must be one of the client's, the
// extensions must come from answerOf; empty leaves the field out.
std::string makeResponse(std::string_view key, std::string_view protocol = {},
                         std::string_view extensions = {});

// Server: a whole response that ends the connection, with the text as its body and the fields
// that the status requires (426: which version we speak; 405: which method).
std::string makeRefusal(uint16_t status, std::string_view text);

}  // namespace lwspool::ws
