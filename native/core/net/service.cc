#include "service.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "../ws/spare_memory.h"
#include "connection_guard.h"

namespace lwspool {

namespace {

// Large enough for a burst of small messages or most of a large one, small enough for the cache.
constexpr size_t kReadBuffer = 128 * 1024;
// So much is read, from so many connections, before it is dealt with: what was read, and what the
// kernel has of a connection, have to be in the cache still when it is told, answered and written.
constexpr size_t kAtOnce = 256 * 1024;
constexpr size_t kConnectionsAtOnce = 64;
// Of writing and telling, in one turn of the loop.
constexpr int kRounds = 16;

std::unique_ptr<Poller> pollerOrThrow(PollerKind kind) {
  std::string reason;
  auto poller = makePoller(kind, reason);
  if (!poller) throw std::runtime_error(reason);
  return poller;
}

}  // namespace

Service::Service(Channel& channel, Host& host, uint32_t handshakesInFlight, PollerKind poller)
    : channel_(channel),
      host_(host),
      figures_(channel.figures()),
      poller_(pollerOrThrow(poller)),
      handshakes_(*this, handshakesInFlight),
      now_(monotonicNow()),
      buffer_(kReadBuffer) {}

// Where there are other workers, they fill it again with what they need.
Service::~Service() { ws::SpareMemory::ofProcess().clear(); }

void Service::use(Connector& connector, EventSink& main, EventSink& handler) {
  connector_ = &connector;
  main_ = &main;
  handler_ = &handler;
}

// --- the table -----------------------------------------------------------------------------------

Connection& Service::slot(ConnectionId id) {
  while (connections_.size() <= id.slot) {
    connections_.emplace_back(ConnectionId{static_cast<uint32_t>(connections_.size()), 0});
  }
  Connection& connection = connections_[id.slot];
  std::destroy_at(&connection);
  std::construct_at(&connection, id);
  SlotTable& slots = channel_.slots;
  connection.ledger = &slots.segment(id.slot / kSegmentSlots)->entries[id.slot % kSegmentSlots];
  connection.cell = &slots.leases(id.slot / kLeaseSlots)->cells[id.slot % kLeaseSlots];
  if (const auto figures = slots.figures(id.slot / kFigureSlots)) {
    connection.figures = &figures->rows[id.slot % kFigureSlots];
  }
  return connection;
}

Connection* Service::find(ConnectionId id) {
  if (id.slot >= connections_.size()) return nullptr;
  Connection& connection = connections_[id.slot];
  return connection.id == id && connection.phase != Phase::free ? &connection : nullptr;
}

void Service::connect(ConnectCommand&& command) {
  Connection& connection = slot(command.id);
  connection.group = command.group;
  begin(connection, std::move(command.endpoint));
  const auto counter = counters_.find(command.group);
  EventSink* const handler = counter != counters_.end() ? &counter->second : handler_;
  connection.owner = command.owned ? handler : main_;
  connection.sink = command.group != 0 ? handler : main_;
  record(connection);
  handshakes_.enqueue(connection);
}

void Service::record(Connection& connection) {
  if (flights_.events == 0) return;
  auto recorder = std::make_shared<FlightRecorder>(flights_, connection.id, connection.group);
  connection.flight = recorder.get();
  std::scoped_lock locks(connection.cell->mutex, connection.cell->flightMutex);
  connection.cell->flight = std::move(recorder);
}

// It is over; what was recorded goes with its error, if there is one.
void Service::endRecord(Connection& connection, ErrorInfo& error) {
  if (std::exchange(connection.flight, nullptr) == nullptr) return;
  std::shared_ptr<FlightRecorder> recorder;
  {
    std::scoped_lock locks(connection.cell->mutex, connection.cell->flightMutex);
    recorder = std::move(connection.cell->flight);
  }
  if (error) error.fields.set("flightRecord", recorder->copy(FlightRecorder::kAttached));
}

void Service::countMessages(uint32_t group, bool wanted) {
  counters_.try_emplace(group, *handler_, wanted);
}

const CountingSink* Service::counter(uint32_t group) const {
  const auto found = counters_.find(group);
  return found != counters_.end() ? &found->second : nullptr;
}

Connection* Service::adopt(std::shared_ptr<const Endpoint> endpoint, EventSink& sink) {
  const auto id = channel_.slots.allocate();
  if (!id) return nullptr;
  Connection& connection = slot(*id);
  begin(connection, std::move(endpoint));
  connection.owner = connection.sink = &sink;
  connection.opening = std::make_unique<Opening>();
  connection.enter(Phase::opening);
  return &connection;
}

// --- the turn ------------------------------------------------------------------------------------

void Service::poll() {
  turnBegins();
  Poller::Ready ready[Poller::kBatch];
  size_t read = 0;
  // A second look only where the first was full; whatever is left is reported again.
  for (int round = 0; round < 4; round++) {
    looks_++;
    const int count = poller_->wait(ready);
    events_ += static_cast<size_t>(count);
    for (int i = 0; i < count; i++) {
      if (taken_ >= kAtOnce || read >= kConnectionsAtOnce) {
        finishTurn();
        turnBegins();
        read = 0;
      }
      read++;
      const Poller::Ready& now = ready[i];
      Connection* connection = find(now.id);
      if (connection == nullptr) {
        const uint32_t capacity = channel_.slots.capacity();
        if (now.id.slot >= capacity) connector_->arrivals(now.id.slot - capacity);
        continue;
      }
      if (connection->upgrading()) {
        upgrade(*connection, now.readable || now.broken, now.writable && connection->wantWrite,
                now.ended);
        continue;
      }
      if (const Opening* const opening = connection->opening.get(); opening != nullptr) {
        // An earlier attempt had the same name: what was seen before this one began is that one's.
        if (opening->watched && opening->watchedSince < looks_) connector_->serve(*connection, now);
        continue;
      }
      if (!connection->established()) continue;
      ConnectionGuard guard(*connection);
      if (!guard) {
        park(*connection);
        continue;
      }
      if (now.writable && connection->wantWrite) markDirty(*connection);
      if (now.readable || now.broken) {
        if (connection->reads()) {
          whileMemoryLasts(*connection, [&] { readable(*connection, now.ended); });
        } else if (connection->wantsInput()) {
          connection->endTold |= now.ended;
        } else if (!now.broken) {
          updateInterest(*connection);
        }
      }
    }
    if (count < Poller::kBatch) break;
  }
  finishTurn();
}

void Service::finishTurn() {
  if (std::exchange(inTurn_, true)) return;
  turnBegins();
  taken_ = 0;
  connector_->turn();
  handshakes_.pump();
  readPending();
  // What JavaScript does while it is told can have to be written, and closing can have to be told.
  // Where that has no end, the loop has other things to do as well.
  for (int round = 0; round < kRounds; round++) {
    flushing_.swap(dirty_);
    sendTogether();
    for (Connection* connection : flushing_) {
      connection->dirty = false;
      if (connection->established()) flush(*connection);
    }
    flushing_.clear();
    if (!finished_.empty()) poller_->settle();
    for (size_t i = 0; i < finished_.size(); i++) {
      if (finished_[i]->phase == Phase::dying) connector_->close(*finished_[i]);
    }
    finished_.clear();
    host_.deliver();
    if (flights_.events != 0) clock_ = flightClock();
    if (dirty_.empty() && finished_.empty()) break;
  }
  if (!dirty_.empty() || !finished_.empty()) host_.wake();
  handshakes_.pump();
  if (channel_.events.publish()) channel_.wakeMain();
  for (const uint64_t next : {timers_.next(), leaseTimers_.next(), bioTimers_.next(),
                              ws::SpareMemory::ofProcess().expiry(), buffersUntil_}) {
    if (next != 0) host_.setTimer(next);
  }
  poller_->settle();
  turnEnds();
  inTurn_ = false;
}

void Service::timer() {
  turnBegins();
  expireLeases();
  retryBackedOff();
  ws::SpareMemory::ofProcess().expire(now_);
  giveBackBuffers();
  Timers::Entry entry;
  while (timers_.pop(now_, entry)) {
    Connection* connection = find(entry.id);
    if (connection == nullptr || connection->deadline != entry.deadline) continue;
    connection->deadline = 0;
    if (connection->phase == Phase::opening) {
      handshakes_.expired(*connection, now_);
    } else if (connection->request) {
      CloseInfo& info = connection->closing();
      if (!info.error) {
        info.error.code = "ERR_HANDSHAKE_TIMEOUT";
        info.error.fields.set("timeout", std::to_string(connection->endpoint->timeout));
      }
      finish(*connection);
    } else if (connection->phase == Phase::closing) {
      closeExpired(*connection);
    }
  }
  finishTurn();
}

void Service::arm(Connection& connection, uint64_t deadline) {
  connection.deadline = deadline;
  if (deadline != 0) {
    timers_.set(deadline, connection.id);
  } else {
    timers_.remove(connection.id);
  }
}

void Service::markDirty(Connection& connection) {
  if (connection.dirty) return;
  dirty_.push_back(&connection);
  connection.dirty = true;
}

}  // namespace lwspool
