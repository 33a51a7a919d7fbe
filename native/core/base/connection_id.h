// How a connection is named, and which of its two sides somebody speaks for. Any thread.
#pragma once

#include <cstdint>

namespace lwspool {

// Names a connection within its service. A slot that is used again has another generation, so an
// old name never reaches somebody else's connection.
struct ConnectionId {
  uint32_t slot = 0;
  uint32_t generation = 0;
  bool operator==(const ConnectionId&) const = default;
};

// Which JavaScript something comes from or goes to: the main thread, or a handler in the worker.
enum class Source : uint8_t { main, handler };

}  // namespace lwspool
