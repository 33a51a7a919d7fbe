// What other threads and the worker's own JavaScript ask for. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../channel/record.h"
#include "writer.h"

namespace lwspool {

class CommandReader {
 public:
  CommandReader(const Turn& turn, ConnectionTable& table, const Sinks& sinks,
                ServiceFigures& figures, SendQueue& queue, LeaseRequests& requests,
                Backpressure& pressure, Closer& closer, Reader& reader, Writer& writer);
  CommandReader(const CommandReader&) = delete;
  CommandReader& operator=(const CommandReader&) = delete;

  // Carries out records; whatever does not name a living connection is dropped.
  void apply(const uint8_t* records, size_t size, Source);
  void apply(const Record&, const uint8_t* payload, Source);

 private:
  static void accept(Connection&, Source, uint32_t size);
  void sentTooLate(const Record&);
  void requestLease(Connection&, const LeaseRequest&);

  const Turn& turn_;
  ConnectionTable& table_;
  const Sinks& sinks_;
  ServiceFigures& figures_;
  SendQueue& queue_;
  LeaseRequests& requests_;
  Backpressure& pressure_;
  Closer& closer_;
  Reader& reader_;
  Writer& writer_;
};

}  // namespace lwspool
