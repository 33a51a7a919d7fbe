// How a connection stands with the poller. Worker thread only.
#pragma once

#include <utility>

namespace lwspool {

class PollState {
 public:
  // Out of the poll set, as it is leased, and back. Both return whether it was out before.
  bool park() { return std::exchange(parked_, true); }
  bool unpark() { return std::exchange(parked_, false); }
  bool parked() const { return parked_; }

  // Something waits for room in the kernel. Returns whether something did.
  bool wantRoom(bool wanted) { return std::exchange(wantsRoom_, wanted); }
  bool wantsRoom() const { return wantsRoom_; }

  // The poller was last asked to tell of input.
  void askInput(bool asked) { asksInput_ = asked; }
  bool asksInput() const { return asksInput_; }
  // The poller has told of an end, which nobody has read yet.
  void noteEnd(bool told) { endTold_ |= told; }
  bool takeEnd() { return std::exchange(endTold_, false); }

  // A BIO puts it off: it is tried again by the clock, not by the poller. Both return whether it
  // was put off before.
  bool backOff() { return std::exchange(backedOff_, true); }
  bool retry() { return std::exchange(backedOff_, false); }
  bool backedOff() const { return backedOff_; }

 private:
  bool parked_ = false;
  bool wantsRoom_ = false;
  bool asksInput_ = false;
  bool endTold_ = false;
  bool backedOff_ = false;
};

}  // namespace lwspool
