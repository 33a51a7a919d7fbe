#include "ring_bed.h"

namespace lwspool::test {

int RingBed::attach(const Held& held) {
  int target = -1;
  CHECK(mainLeases.lendSocket(held, [&](int fd) { return ring.attach(fd, target); }));
  return target;
}

int RingBed::create(const Held& held, Operation&& operation, Lane lane, uint64_t& id,
                    uint64_t chain) {
  if (chain == 0) chain = Ring::nextChain();
  const auto outcome = mainLeases.pin(held, lane, chain, operation.pin);
  if (!outcome) return outcome.error != 0 ? outcome.error : ENOTCONN;
  return ring.create(std::move(operation), id);
}

uint64_t RingBed::start(const Held& held, Operation&& operation, Lane lane) {
  uint64_t id = 0;
  REQUIRE_EQ(create(held, std::move(operation), lane, id), 0);
  REQUIRE_EQ(ring.start({&id, 1}), 0);
  return id;
}

Operation RingBed::receive(int target, std::vector<uint8_t>& into, int flags) {
  Operation operation;
  operation.kind = Operation::Kind::receive;
  operation.target = target;
  operation.parts = {{into.data(), into.size()}};
  operation.flags = flags;
  return operation;
}

Operation RingBed::send(int target, const Octets& bytes) {
  Operation operation;
  operation.kind = Operation::Kind::send;
  operation.target = target;
  operation.parts = {{const_cast<uint8_t*>(bytes.data()), bytes.size()}};
  operation.flags = MSG_NOSIGNAL | MSG_WAITALL;
  return operation;
}

Operation RingBed::poll(int target, uint32_t events) {
  Operation operation;
  operation.target = target;
  operation.events = events;
  return operation;
}

void RingBed::takeAnswers() {
  Completion batch[64];
  while (const size_t count = ring.take(batch)) {
    answers.insert(answers.end(), batch, batch + count);
  }
}

int32_t RingBed::result(uint64_t id) {
  for (int i = 0; i < 500; i++) {
    ring.wait(10);
    takeAnswers();
    for (const Completion& one : answers) {
      if (one.id == id && (one.flags & Completion::kMore) == 0) return one.result;
    }
  }
  FAIL("it never ended");
  return 0;
}

Ownership RingBed::ownership(const Connection& connection) {
  std::lock_guard lock(connection.cell()->mutex);
  return connection.cell()->ownership;
}

}  // namespace lwspool::test
