#include "target.h"

#include <algorithm>

#include "../net/service.h"

namespace lwspool {

namespace {

// A client that sends without reading is not read any more once this much waits for it.
constexpr size_t kBacklog = 1024 * 1024;
// Flood: what is kept in the queue of each connection.
constexpr size_t kAhead = 256 * 1024;

}  // namespace

Target::Target(Service& service, TargetMode mode, size_t floodSize)
    : service_(service), mode_(mode), payload_(std::max<size_t>(floodSize, 1), 'x') {}

void Target::opened(Connection& connection, const Fields&) {
  counts_.opened++;
  if (mode_ == TargetMode::flood) fill(connection);
}

void Target::failed(Connection& connection, const ErrorInfo&) {
  service_.channel().slots.release(connection.id);
}

void Target::closed(Connection& connection, uint16_t, std::string_view, const ErrorInfo&) {
  counts_.closed++;
  service_.channel().slots.release(connection.id);
}

void Target::message(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size) {
  counts_.messages++;
  counts_.bytes += size;
  if (mode_ == TargetMode::echo) {
    service_.send(connection, opcode, data, size);
    if (connection.output.queue.size() > kBacklog && !connection.input.paused()) {
      service_.pause(connection, true);
      service_.mark(connection, 0, *this);
    }
  } else if (mode_ == TargetMode::close) {
    service_.close(connection, 1000, {});
  }
}

void Target::message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) {
  message(connection, opcode, data.data(), data.size());
}

void Target::data(Connection& connection, const uint8_t* data, size_t size) {
  message(connection, ws::Opcode::binary, data, size);
}

void Target::ended(Connection& connection) { service_.end(connection); }

void Target::fill(Connection& connection) {
  while (connection.output.queue.size() < kAhead) {
    service_.send(connection, ws::Opcode::binary, payload_.data(), payload_.size());
  }
  service_.mark(connection, 0, *this);
}

void Target::flushed(Connection& connection, uint32_t) {
  if (connection.phase() != Phase::open) return;
  if (mode_ == TargetMode::flood) {
    fill(connection);
  } else {
    service_.pause(connection, false);
  }
}

}  // namespace lwspool
