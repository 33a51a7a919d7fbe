// How much of what a connection gave its consumer that has not come to yet. The consumer takes what
// all connections gave it in one order, and says no more than how far it is: so this is no more
// than a bound, which a look brings nearer to the truth. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "event_sink.h"

namespace lwspool {

class Unread {
 public:
  void gave(size_t bytes) { since_ += bytes; }
  size_t bound() const { return before_ + since_; }

  // By how far the consumer is now.
  size_t look(EventSink::Progress consumer) {
    if (consumer.taken < mark_) return bound();
    before_ = consumer.taken < consumer.given ? since_ : 0;
    since_ = 0;
    mark_ = consumer.given;
    return before_;
  }
  // There is nothing new to see before the consumer has taken that much.
  uint64_t mark() const { return mark_; }

 private:
  uint64_t mark_ = 0;  // of all that the consumer was ever given
  size_t before_ = 0;  // bytes given before it was
  size_t since_ = 0;   // and behind it
};

}  // namespace lwspool
