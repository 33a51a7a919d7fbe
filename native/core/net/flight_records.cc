#include "flight_records.h"

#include <memory>
#include <mutex>
#include <utility>

namespace lwspool {

void FlightRecords::begin(Connection& connection) {
  if (!planned()) return;
  auto recorder = std::make_shared<FlightRecorder>(plan_, connection.id, connection.group());
  connection.beginFlight(recorder.get());
  std::scoped_lock locks(connection.cell()->mutex, connection.cell()->flightMutex);
  connection.cell()->flight = std::move(recorder);
}

void FlightRecords::end(Connection& connection, ErrorInfo& error) {
  if (!connection.endFlight()) return;
  std::shared_ptr<FlightRecorder> recorder;
  {
    std::scoped_lock locks(connection.cell()->mutex, connection.cell()->flightMutex);
    recorder = std::move(connection.cell()->flight);
  }
  if (error) error.fields.set("flightRecord", recorder->copy(FlightRecorder::kAttached));
}

}  // namespace lwspool
