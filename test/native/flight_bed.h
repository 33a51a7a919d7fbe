// Reads what is recorded of connections, as src/flight/ does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../../native/core/channel/flight_reader.h"
#include "lease_bed.h"

namespace lwspool::test {

struct Flown {
  FlightHeader header{};
  std::vector<FlightEntry> entries;

  explicit Flown(std::string_view bytes) {
    REQUIRE_GE(bytes.size(), sizeof header);
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    REQUIRE_EQ(bytes.size() % sizeof(FlightEntry), 0);
    entries.resize(bytes.size() / sizeof(FlightEntry));
    if (!bytes.empty()) std::memcpy(entries.data(), bytes.data(), bytes.size());
    for (size_t i = 1; i < entries.size(); i++) CHECK_GE(entries[i].time(), entries[i - 1].time());
  }
  // The first of that kind; null: there is none.
  const FlightEntry* first(Flight kind) const {
    for (const FlightEntry& entry : entries) {
      if (entry.kind() == kind) return &entry;
    }
    return nullptr;
  }
  size_t count(Flight kind) const {
    size_t found = 0;
    for (const FlightEntry& entry : entries) found += entry.kind() == kind;
    return found;
  }
  std::vector<Flight> kinds() const {
    std::vector<Flight> list;
    for (const FlightEntry& entry : entries) list.push_back(entry.kind());
    return list;
  }
};

// A bed whose connections are recorded.
struct FlightBed : LeaseBed {
  explicit FlightBed(bool tls = false, uint32_t events = 256) {
    connector.tls = tls;
    connector.sockets = [] { return tcpPair(); };
    service.recordFlights({events, 7, 3});
  }
  Flown of(ConnectionId id) { return Flown(copyFlight(channel.slots, id)); }
  // What went with the error of a connection that is over.
  Flown attached(ConnectionId id) { return Flown(main.factsOf(id).get("flightRecord")); }
};

}  // namespace lwspool::test
