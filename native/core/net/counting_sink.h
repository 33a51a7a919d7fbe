// Counts what arrives for one group's handlers, and passes it on, but for messages where the
// handlers have no use for them: those cost no call into JavaScript. Worker thread only.
#pragma once

#include <cstdint>
#include <utility>

#include "event_sink.h"

namespace lwspool {

class CountingSink final : public EventSink {
 public:
  CountingSink(EventSink& next, bool passOn) : next_(next), passesOn_(passOn) {}

  uint64_t messages() const { return messages_; }
  uint64_t bytes() const { return bytes_; }

  void message(Connection& connection, ws::Opcode opcode, const uint8_t* data,
               size_t size) override {
    count(size);
    if (passesOn_) next_.message(connection, opcode, data, size);
  }
  void message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) override {
    count(data.size());
    if (passesOn_) next_.message(connection, opcode, std::move(data));
  }
  // Of a raw connection: as many messages as there were reads.
  void data(Connection& connection, const uint8_t* data, size_t size) override {
    count(size);
    if (passesOn_) next_.data(connection, data, size);
  }

  void opened(Connection& connection, const Fields& facts) override {
    next_.opened(connection, facts);
  }
  void failed(Connection& connection, const ErrorInfo& error) override {
    next_.failed(connection, error);
  }
  void closed(Connection& connection, uint16_t code, std::string_view reason,
              const ErrorInfo& error) override {
    next_.closed(connection, code, reason, error);
  }
  void ping(Connection& connection, const uint8_t* data, size_t size) override {
    next_.ping(connection, data, size);
  }
  void pong(Connection& connection, const uint8_t* data, size_t size) override {
    next_.pong(connection, data, size);
  }
  void ended(Connection& connection) override { next_.ended(connection); }
  void flushed(Connection& connection, uint32_t mark) override { next_.flushed(connection, mark); }
  void warned(Connection& connection, const char* code, std::string_view text) override {
    next_.warned(connection, code, text);
  }
  void keylog(Connection& connection, std::string_view line) override {
    next_.keylog(connection, line);
  }
  bool congested() override { return next_.congested(); }
  Progress progress() const override { return next_.progress(); }
  bool awaitTaken(uint64_t bytes) override { return next_.awaitTaken(bytes); }

 private:
  void count(size_t size) {
    messages_++;
    bytes_ += size;
  }

  EventSink& next_;
  const bool passesOn_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace lwspool
