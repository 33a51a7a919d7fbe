// How far a connection is on its way to its end. Worker thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "../base/fields.h"

namespace lwspool {

struct CloseInfo {
  uint16_t code = 1006;  // what the closed event will say
  std::string reason;
  ErrorInfo error;
  uint64_t unsent = 0;    // bytes, when closeTimeout began to run
  bool left = false;      // the kernel has all that was to be sent
  bool finished = false;  // and both close frames are exchanged
};

class CloseState {
 public:
  // The close frame is queued, or sent by the holder of a lease. Returns whether it was before.
  bool noteSent() { return std::exchange(sent_, true); }
  bool sent() const { return sent_; }
  void noteReceived() { received_ = true; }
  bool received() const { return received_; }
  bool both() const { return sent_ && received_; }

  // FIN once everything is written.
  void endAfterFlush() { endsAfterFlush_ = true; }
  bool endsAfterFlush() const { return endsAfterFlush_; }
  void noteFin() { finSent_ = true; }
  bool finSent() const { return finSent_; }

  // What is told in the end; made when it is first asked for.
  CloseInfo& info() {
    if (!info_) info_ = std::make_unique<CloseInfo>();
    return *info_;
  }
  void forgetInfo() { info_.reset(); }

 private:
  bool sent_ = false;
  bool received_ = false;
  bool endsAfterFlush_ = false;
  bool finSent_ = false;
  std::unique_ptr<CloseInfo> info_;
};

}  // namespace lwspool
