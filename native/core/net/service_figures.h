// What is counted of connections and of the worker's turns. Nothing where nothing is counted.
// Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../channel/endpoint.h"
#include "connection.h"
#include "turn.h"

namespace lwspool {

class ServiceFigures {
 public:
  explicit ServiceFigures(const Turn& turn) : turn_(turn), worker_(turn.channel.figures()) {}
  ServiceFigures(const ServiceFigures&) = delete;
  ServiceFigures& operator=(const ServiceFigures&) = delete;

  void begin(Connection&, std::shared_ptr<const Endpoint>);
  void countOpened(const Connection&);
  void countClosed(uint16_t code);
  void countRead(Connection&, size_t bytes);
  void countReceived(Connection&, size_t messages);
  void countWritten(Connection&, size_t bytes);
  void countSent(Connection&);
  // Also of one that is over: whoever had it may not have heard so yet.
  void countUnsent(Connection&);
  void countDiscarded(Connection&, size_t messages);
  // What the extension has encoded, or decoded, since then.
  void countEncoded(Connection&, const ws::Extension::Counts& before);
  void countDecoded(Connection&, const ws::Extension::Counts& before);
  void countPing(Connection&, const uint8_t* data, size_t size);
  void countPong(Connection&, const uint8_t* data, size_t size);
  // Of the poller.
  void countEvents(size_t events) { events_ += events; }
  // Also where one is under way. preciseNow().
  void turnBegan(double now);
  void turnEnded();

 private:
  const Turn& turn_;
  WorkerFigures* const worker_;  // null where nothing is counted
  double turnBegan_ = 0;         // preciseNow(); 0: none is under way
  size_t events_ = 0;            // of this turn
};

}  // namespace lwspool
