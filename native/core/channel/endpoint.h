// Where connections go and how: everything that many connections have in common. Immutable once
// made, shared by all threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../bio/spec.h"
#include "../ws/deflate_parameters.h"
#include "../ws/frame.h"

namespace lwspool {

class TlsContext;

enum class Kind : uint8_t { ws, raw };

// Of one name; what is beyond is not tried. A DNS answer can hold thousands.
inline constexpr size_t kMostAddresses = 64;

struct Endpoint {
  Kind kind = Kind::ws;
  ws::Role role = ws::Role::client;    // ours
  std::vector<std::string> addresses;  // numeric, in the order in which they are tried
  size_t leftOut = 0;                  // addresses beyond kMostAddresses
  std::string unixPath;                // instead of addresses; "@…": abstract
  uint16_t port = 0;
  // ws: the request's head but for the Sec-WebSocket-Key line and the blank line; lines end in
  // CR LF.
  std::string requestHead;
  std::vector<std::string> protocols;         // asked for
  bool requiresProtocol = false;              // one of those has to be chosen
  std::optional<ws::DeflateOptions> deflate;  // offered, or taken from those who offer it
  bool keepsHeaders = false;                  // of the answer that opens a WebSocket
  std::shared_ptr<const TlsContext> tls;      // null: plain
  std::string serverName;                     // for verification and SNI: a name or an address
  bool sendsServerName = true;                // SNI: RFC 6066, 3
  std::vector<std::string> localAddresses;    // taken in turn; empty: any
  mutable std::atomic<uint32_t> nextLocalAddress{0};
  uint32_t timeout = 10'000;        // ms, of the whole opening
  uint32_t closeTimeout = 10'000;   // ms, see closer.h
  uint64_t maxPayload = 0;          // bytes of one message
  size_t highWaterMark = SIZE_MAX;  // bytes that may wait for the consumer, see backpressure.h
  std::vector<bio::Spec> bios;      // in place before the handshake; from the socket upwards
  mutable std::atomic<uint64_t> nextBio{0};
};

}  // namespace lwspool
