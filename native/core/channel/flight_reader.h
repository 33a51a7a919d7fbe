// Copies of what is recorded of connections, for any thread. No slot's lock is taken for it, so
// that also a worker that hangs with one in hand is seen to.
#pragma once

#include <string>
#include <vector>

#include "slot_table.h"

namespace lwspool {

// As FlightRecorder::copy(); empty where nothing is recorded of that connection, or not any more.
std::string copyFlight(SlotTable&, ConnectionId, uint32_t most = UINT32_MAX);
// Of all connections of one LeaseSegment, in the order of their slots. False: there is no such
// segment, nor one behind it.
bool copyFlights(SlotTable&, uint32_t segment, std::vector<std::string>& out);

}  // namespace lwspool
