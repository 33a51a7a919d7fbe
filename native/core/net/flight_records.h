// Begins and ends the flight records of connections. Worker thread only.
#pragma once

#include "../base/fields.h"
#include "../flight/flight_recorder.h"
#include "connection.h"

namespace lwspool {

class FlightRecords {
 public:
  // What happens on connections is recorded from now on. Before the first connection.
  void plan(const FlightPlan& plan) { plan_ = plan; }
  bool planned() const { return plan_.events != 0; }
  void begin(Connection&);
  // It is over; what was recorded goes with its error, if there is one.
  void end(Connection&, ErrorInfo&);

 private:
  FlightPlan plan_;
};

}  // namespace lwspool
