// Tells what became of connections that are over. Worker thread only.
#pragma once

#include "flight_records.h"
#include "service_figures.h"
#include "turn.h"

namespace lwspool {

class Endings {
 public:
  Endings(Turn& turn, ServiceFigures& figures, FlightRecords& flights)
      : turn_(turn), figures_(figures), flights_(flights) {}
  Endings(const Endings&) = delete;
  Endings& operator=(const Endings&) = delete;

  // All attempts to open it are over; opening->error says why.
  void failed(Connection&);
  // libwebsockets has closed it.
  void destroyed(Connection&);

 private:
  Turn& turn_;
  ServiceFigures& figures_;
  FlightRecords& flights_;
};

}  // namespace lwspool
