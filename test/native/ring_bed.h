// A bed whose leases are used through a ring, all on one thread.
#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "../../native/core/ring/ring.h"
#include "lease_bed.h"

namespace lwspool::test {

struct RingBed : TcpLeaseBed {
  explicit RingBed(const RingOptions& options = {}) : ring(options) { REQUIRE_EQ(ring.open(), 0); }
  ~RingBed() { ring.close(1000); }

  Ring ring;
  std::vector<Completion> answers;  // all that were taken

  int attach(const Held& held);
  // An errno; the operation is in `id`.
  int create(const Held& held, Operation&& operation, Lane lane, uint64_t& id, uint64_t chain = 0);
  uint64_t start(const Held& held, Operation&& operation, Lane lane);
  static Operation receive(int target, std::vector<uint8_t>& into, int flags = 0);
  static Operation send(int target, const Octets& bytes);
  static Operation poll(int target, uint32_t events);
  void takeAnswers();
  // The last answer to that operation.
  int32_t result(uint64_t id);
  Ownership ownership(const Connection& connection);
};

}  // namespace lwspool::test
