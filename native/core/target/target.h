// What the embedded target does with what it receives, without any JavaScript. Worker thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "../net/event_sink.h"

namespace lwspool {

class Service;

enum class TargetMode : uint8_t {
  echo,   // sends everything back
  sink,   // takes everything and says nothing
  flood,  // sends messages of one size as fast as they are taken
  close   // closes with 1000 at the first message
};

struct TargetCounts {
  uint64_t opened = 0;
  uint64_t closed = 0;
  uint64_t messages = 0;
  uint64_t bytes = 0;
};

class Target final : public EventSink {
 public:
  Target(Service& service, TargetMode mode, size_t floodSize);

  const TargetCounts& counts() const { return counts_; }

  void opened(Connection&, const Fields&) override;
  void failed(Connection&, const ErrorInfo&) override;
  void closed(Connection&, uint16_t code, std::string_view reason, const ErrorInfo&) override;
  void message(Connection&, ws::Opcode, const uint8_t*, size_t) override;
  void message(Connection&, ws::Opcode, ws::Bytes&&) override;
  void ping(Connection&, const uint8_t*, size_t) override {}
  void pong(Connection&, const uint8_t*, size_t) override {}
  void data(Connection&, const uint8_t*, size_t) override;
  void ended(Connection&) override;
  void flushed(Connection&, uint32_t mark) override;

 private:
  void fill(Connection&);

  Service& service_;
  const TargetMode mode_;
  std::vector<uint8_t> payload_;
  TargetCounts counts_;
};

}  // namespace lwspool
