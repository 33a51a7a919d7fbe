// Writes what happens on connections into a log that JavaScript reads. Worker thread only.
#pragma once

#include "../channel/event_log.h"
#include "event_sink.h"

namespace lwspool {

class LogSink final : public EventSink {
 public:
  explicit LogSink(EventLog& log) : log_(log) {}

  void opened(Connection&, const Fields&) override;
  void failed(Connection&, const ErrorInfo&) override;
  void closed(Connection&, uint16_t code, std::string_view reason, const ErrorInfo&) override;
  void message(Connection&, ws::Opcode, const uint8_t*, size_t) override;
  void message(Connection&, ws::Opcode, ws::Bytes&&) override;
  void ping(Connection&, const uint8_t*, size_t) override;
  void pong(Connection&, const uint8_t*, size_t) override;
  void data(Connection&, const uint8_t*, size_t) override;
  void ended(Connection&) override;
  void flushed(Connection&, uint32_t mark) override;
  void broadcast(uint32_t group, uint16_t flags, const uint8_t*, size_t) override;
  void leased(Connection&, uint32_t request, double tokenOrRefusal) override;
  void leaseExpired(Connection&, double token) override;
  void warned(Connection&, const char* code, std::string_view text) override;
  void keylog(Connection&, std::string_view line) override;
  // With it goes the wish to be told of room: consumed() of the log then says true once. Whoever
  // stalls, and whoever is told and finds the log full again, asks here and so waits anew.
  bool congested() override { return log_.congested() && log_.awaitRoom(); }
  Progress progress() const override { return {log_.consumedOf(), log_.appended()}; }
  bool awaitTaken(uint64_t bytes) override { return log_.awaitConsumed(bytes); }

 private:
  void copy(Event, uint16_t flags, const Connection&, const uint8_t*, size_t);
  void text(Event, const Connection&, const std::string&, uint32_t aux);
  void number(Event, const Connection&, double, uint32_t aux);

  EventLog& log_;
};

}  // namespace lwspool
