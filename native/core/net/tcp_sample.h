// Reads what the kernel knows of connections. Worker thread only.
#pragma once

#include <cstdint>

#include "connection_table.h"

namespace lwspool {

// Reads TCP_INFO of up to so many connections, from that slot on, into figures that others see.
// Returns where to go on; 0: those were the last. A connection that is leased exclusively is left
// out, and keeps what was read before.
uint32_t sampleTcp(ConnectionTable&, SlotTable&, uint32_t from, uint32_t count, bool unread);

}  // namespace lwspool
