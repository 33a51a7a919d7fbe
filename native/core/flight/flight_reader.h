// Copies of what is recorded of connections, for any thread: each takes the lock of one slot at a
// time, so neither a worker that hangs nor ten thousand connections are waited for.
#pragma once

#include <string>
#include <vector>

#include "../channel/slot_table.h"

namespace lwspool {

// As FlightRecorder::copy(); empty where nothing is recorded of that connection, or not any more.
std::string copyFlight(SlotTable&, ConnectionId, uint32_t most = UINT32_MAX);
// Of all connections of one LeaseSegment, in the order of their slots. False: there is no such
// segment, nor one behind it.
bool copyFlights(SlotTable&, uint32_t segment, std::vector<std::string>& out);

}  // namespace lwspool
