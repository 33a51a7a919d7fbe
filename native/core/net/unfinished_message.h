// A message that is being sent in fragments (RFC 6455, 5.4), and what has to wait until it ends:
// frames of other messages may not come between. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "../channel/record.h"
#include "../ws/frame.h"

namespace lwspool {

class EventSink;

// A piece of a message, as it was asked for.
struct Fragment {
  ws::Opcode opcode;  // the message's
  bool first;
  bool last;
  bool compress;
  Source side;  // whose message it is; each side has one at a time
};

struct UnfinishedMessage {
  enum class Kind : uint8_t { message, fragment, mark };
  struct Waiting {
    Kind kind;
    Fragment fragment;  // of a message as well
    std::string payload;
    uint32_t mark = 0;
    EventSink* asker = nullptr;
  };

  void wait(Kind kind, const Fragment& fragment, const uint8_t* data, size_t size) {
    waiting.push_back({kind, fragment, {reinterpret_cast<const char*>(data), size}});
    waitingBytes += size;
  }
  void wait(uint32_t mark, EventSink& asker) {
    waiting.push_back({Kind::mark, {}, {}, mark, &asker});
  }

  Source side = Source::main;
  bool encoded = false;
  std::deque<Waiting> waiting;
  size_t waitingBytes = 0;
};

}  // namespace lwspool
