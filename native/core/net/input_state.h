// How far a connection is read, and what becomes of that. Worker thread only.
#pragma once

#include <utility>

#include "unread.h"

namespace lwspool {

class InputState {
 public:
  // By its user. Returns whether that changes anything.
  bool pause(bool paused) { return std::exchange(paused_, paused) != paused; }
  bool paused() const { return paused_; }

  // What it gave its consumer waits there, see backpressure.h.
  void stall() { stalled_ = true; }
  // Returns whether it was.
  bool resume() { return std::exchange(stalled_, false); }
  bool stalled() const { return stalled_; }
  // In the list of those that go on once the consumer has come further. Returns whether it was.
  bool list() { return std::exchange(listed_, true); }
  void unlist() { listed_ = false; }
  bool listed() const { return listed_; }
  // Closing, and nobody takes what comes: it is thrown away.
  void drop(bool drops) { drops_ = drops; }
  bool drops() const { return drops_; }

  // The peer will send nothing more.
  void end() { ended_ = true; }
  bool ended() const { return ended_; }
  // The kernel has given the connection up, with that errno, and says so only once; 0: it has not.
  void noteKernelError(int error) { kernelError_ = error; }
  int kernelError() const { return kernelError_; }
  // What still arrives is thrown away. Returns whether it was before.
  bool discard() { return std::exchange(discards_, true); }
  bool discards() const { return discards_; }
  // Whether it is wanted: once the connection is closing, what the peer says to that is read even
  // where nobody takes the rest.
  bool wanted(bool closing) const {
    return !ended_ && (discards_ || ((!paused_ || closing) && (!stalled_ || listed_)));
  }
  // Nothing has to be waited for.
  bool flows() const { return discards_ || !stalled_; }

  // In the list of those that OpenSSL holds bytes of. Both return whether it was.
  bool queue() { return std::exchange(queued_, true); }
  bool unqueue() { return std::exchange(queued_, false); }
  // It keeps OpenSSL's buffers, see tls_buffers.h.
  void keepBuffers(bool keeps) { keepsBuffers_ = keeps; }
  bool keepsBuffers() const { return keepsBuffers_; }

  Unread unread;  // by the consumer

 private:
  int kernelError_ = 0;
  bool paused_ = false;
  bool stalled_ = false;
  bool listed_ = false;
  bool drops_ = false;
  bool ended_ = false;
  bool discards_ = false;
  bool queued_ = false;
  bool keepsBuffers_ = false;
};

}  // namespace lwspool
