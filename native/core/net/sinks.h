// Who is told what happens on connections: the main thread, the handlers of this one, and who
// counts for a group of those. Worker thread only.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "../base/connection_id.h"
#include "counting_sink.h"

namespace lwspool {

class Sinks {
 public:
  // Before the first turn.
  void use(EventSink& main, EventSink& handler) {
    main_ = &main;
    handler_ = &handler;
  }
  EventSink& main() const { return *main_; }
  EventSink& handler() const { return *handler_; }
  EventSink& of(Source side) const { return side == Source::main ? *main_ : *handler_; }
  // The handlers of a group.
  EventSink& ofGroup(uint32_t group) {
    const auto counter = counters_.find(group);
    return counter != counters_.end() ? counter->second : *handler_;
  }

  // From now on the messages of a group's connections are counted, and go to its handlers only if
  // they are wanted. Before the group's first connection.
  void countMessages(uint32_t group, bool passOn) {
    counters_.try_emplace(group, *handler_, passOn);
  }
  // After the group's last connection.
  void stopCounting(uint32_t group) { counters_.erase(group); }
  // nullptr: nobody counts.
  const CountingSink* counter(uint32_t group) const {
    const auto found = counters_.find(group);
    return found != counters_.end() ? &found->second : nullptr;
  }

 private:
  EventSink* main_ = nullptr;
  EventSink* handler_ = nullptr;
  std::unordered_map<uint32_t, CountingSink> counters_;  // by group; an element never moves
};

}  // namespace lwspool
