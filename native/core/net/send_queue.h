// What is to be written on each connection, and which of them have something. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "../ws/frame.h"
#include "../ws/mask.h"
#include "connection.h"

namespace lwspool {

class SendQueue {
 public:
  SendQueue() = default;
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  // It is looked at, and written if there is anything to write, before the turn ends.
  void markDirty(Connection&);
  // `first`: what the first byte has besides the opcode.
  void sendFrame(Connection&, ws::Opcode, const uint8_t* data, size_t size,
                 uint8_t first = ws::kFin);
  void sendPong(Connection&, const uint8_t* data, size_t size);
  void sendClose(Connection&, uint16_t code, std::string_view reason);
  ws::MaskSource& masks() { return masks_; }

  bool hasDirty() const { return !dirty_.empty(); }
  // Those that are to be flushed now, until the next call.
  std::vector<Connection*>& takeDirty() {
    flushing_.clear();
    flushing_.swap(dirty_);
    return flushing_;
  }

 private:
  ws::MaskSource masks_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> flushing_;  // dirty_ while it is worked off; kept for its memory
};

}  // namespace lwspool
