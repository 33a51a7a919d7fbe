#include "tcp_sample.h"

#include <memory>

#include "../stats/tcp_figures.h"
#include "connection_guard.h"

namespace lwspool {

uint32_t sampleTcp(ConnectionTable& table, SlotTable& slots, uint32_t from, uint32_t count,
                   bool unread) {
  std::shared_ptr<TcpSegment> segment;
  for (uint32_t slot = from; Connection* const found = table.lastOf(slot); slot++) {
    if (count-- == 0) return slot;
    if (!segment || slot % kFigureSlots == 0) {
      segment = slots.tcp(slot / kFigureSlots, true);
      if (!segment) return 0;
    }
    Connection& connection = *found;
    if (!connection.established()) continue;
    ConnectionGuard guard(connection);
    if (!guard) continue;
    TcpFigures& figures = segment->rows[slot % kFigureSlots];
    if (readTcp(connection.fd(), unread, figures))
      set(figures.generation, connection.id.generation);
  }
  return 0;
}

}  // namespace lwspool
