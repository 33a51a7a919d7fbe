// A slot, as far as what happens on its connections is written down.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "../base/slot_lock.h"
#include "flight_recorder.h"

namespace lwspool {

struct Recorded {
  // Of the connection that has the slot, from when it was asked for; null: nothing is recorded.
  // Changed under both locks, so that either is enough to find it. See flight_recorder.h.
  std::shared_ptr<FlightRecorder> flight;
  std::mutex flightMutex;  // held for as long as a pointer is copied
  SlotLock mutex;          // the slot's lock: last, beside what it guards

  // Writes into the recorder, where there is one. Any thread, with the slot's lock held.
  void note(Flight kind, uint64_t a, uint32_t b = 0, uint8_t detail = 0) {
    if (flight) flight->note(kind, static_cast<uint32_t>(a), b, detail);
  }
};

}  // namespace lwspool
