#include "service.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "../ws/spare_memory.h"
#include "connection_guard.h"

namespace lwspool {

namespace {

// So much is read, from so many connections, before it is dealt with: what was read, and what the
// kernel has of a connection, have to be in the cache still when it is told, answered and written.
constexpr size_t kAtOnce = 256 * 1024;
constexpr size_t kConnectionsAtOnce = 64;
// Of writing and telling, in one turn of the loop.
constexpr int kRounds = 16;

}  // namespace

Service::Service(Channel& channel, Host& host, uint32_t handshakesInFlight, PollerKind poller)
    : turn_(channel, host),
      table_(channel.slots),
      handshakes_(*this, handshakesInFlight),
      figures_(turn_),
      polls_(poller, channel.slots.capacity()),
      pending_(turn_, polls_),
      delays_(turn_, polls_),
      buffers_(turn_, table_),
      requests_(turn_, sinks_, polls_, queue_),
      endings_(turn_, figures_, flights_),
      closer_(table_, sinks_, handshakes_, deadlines_, polls_, pending_, queue_, requests_),
      acceptor_(turn_, table_, figures_, deadlines_, polls_, pending_, queue_, requests_, closer_,
                deflates_),
      pressure_(turn_, table_, polls_, pending_, requests_),
      reader_(turn_, figures_, polls_, pending_, queue_, delays_, buffers_, requests_, closer_,
              acceptor_, pressure_),
      joint_(polls_, figures_),
      writer_(turn_, figures_, polls_, queue_, delays_, requests_, closer_, reader_),
      returns_(turn_, table_, sinks_, polls_, pending_, queue_, requests_, closer_, reader_),
      establisher_(figures_, sinks_, handshakes_, deadlines_, polls_, pending_, queue_, requests_,
                   closer_, reader_),
      upgrade_(turn_, handshakes_, polls_, pending_, delays_, establisher_, deflates_),
      commands_(turn_, table_, sinks_, figures_, queue_, requests_, pressure_, closer_, reader_,
                writer_) {}

// Where there are other workers, they fill it again with what they need.
Service::~Service() { ws::SpareMemory::ofProcess().clear(); }

void Service::connect(ConnectCommand&& command) {
  Connection& connection = table_.place(command.id);
  EventSink& handler = sinks_.ofGroup(command.group);
  connection.belongTo(command.group, command.owned ? handler : sinks_.main(),
                      command.group != 0 ? handler : sinks_.main());
  figures_.begin(connection, std::move(command.endpoint));
  flights_.begin(connection);
  handshakes_.enqueue(connection);
}

void Service::flushNow(ConnectionId id) {
  Connection* connection = find(id);
  if (connection != nullptr && connection->established()) writer_.flush(*connection);
}

void Service::takeCommands() {
  for (Item& item : channel().take()) {
    if (auto* commands = std::get_if<Commands>(&item)) {
      Outbox& outbox = channel().outbox;
      if (SlabRef slab = outbox.slab(commands->slab)) {
        apply(slab->data(), std::min<size_t>(commands->length, slab->size()), Source::main);
        outbox.recycle(commands->slab);
      }
    } else if (auto* large = std::get_if<LargeCommand>(&item)) {
      apply(large->record, large->payload.data(), Source::main);
    } else if (auto* news = std::get_if<LeaseNews>(&item)) {
      returns_.leaseNews(news->id);
    } else if (auto* late = std::get_if<LeaseReturn>(&item)) {
      returns_.leaseReturn(*late);
    } else if (auto* clock = std::get_if<LeaseClock>(&item)) {
      returns_.leaseClock(*clock);
    } else {
      connect(std::move(std::get<ConnectCommand>(item)));
    }
  }
  resumeStalled();
}

// --- the turn ------------------------------------------------------------------------------------

// Also where one is under way.
void Service::beginTurn() {
  const double now = preciseNow();
  turn_.now = static_cast<uint64_t>(now);
  turn_.clock = static_cast<uint64_t>(now * 1000);
  figures_.turnBegan(now);
}

void Service::poll() {
  beginTurn();
  Poller::Ready seen[Poller::kBatch];
  size_t read = 0;
  // A second look only where the first was full; whatever is left is reported again.
  for (int round = 0; round < 4; round++) {
    const int count = polls_.wait(seen);
    figures_.countEvents(static_cast<size_t>(count));
    for (int i = 0; i < count; i++) {
      if (turn_.taken >= kAtOnce || read >= kConnectionsAtOnce) {
        finishTurn();
        beginTurn();
        read = 0;
      }
      read++;
      ready(seen[i]);
    }
    if (count < Poller::kBatch) break;
  }
  finishTurn();
}

void Service::ready(const Poller::Ready& now) {
  Connection* connection = find(now.id);
  if (connection == nullptr) {
    uint32_t listener;
    if (polls_.isListener(now.id, listener)) connector_->arrivals(listener);
    return;
  }
  if (connection->upgrading()) {
    return upgrade_.ready(*connection, now.readable || now.broken,
                          now.writable && connection->polling.wantsRoom(), now.ended);
  }
  if (const Opening* const opening = connection->opening.get(); opening != nullptr) {
    if (polls_.concerns(*opening)) connector_->serve(*connection, now);
    return;
  }
  if (!connection->established()) return;
  ConnectionGuard guard(*connection);
  if (!guard) return polls_.park(*connection);
  if (now.writable && connection->polling.wantsRoom()) queue_.markDirty(*connection);
  if (!now.readable && !now.broken) return;
  if (connection->reads()) {
    closer_.whileMemoryLasts(*connection, [&] { reader_.readable(*connection, now.ended); });
  } else if (connection->wantsInput()) {
    connection->polling.noteEnd(now.ended);
  } else if (!now.broken) {
    polls_.update(*connection);
  } else if (connection->input.paused()) {
    closer_.whileMemoryLasts(*connection, [&] { reader_.brokenOff(*connection); });
  }
}

void Service::finishTurn() {
  if (std::exchange(inTurn_, true)) return;
  beginTurn();
  turn_.taken = 0;
  connector_->turn();
  handshakes_.pump();
  readPending();
  // What JavaScript does while it is told can have to be written, and closing can have to be told.
  // Where that has no end, the loop has other things to do as well.
  for (int round = 0; round < kRounds; round++) {
    const std::vector<Connection*>& dirty = queue_.takeDirty();
    joint_.send(dirty);
    for (Connection* connection : dirty) {
      connection->output.setDirty(false);
      if (connection->established()) writer_.flush(*connection);
    }
    closer_.closeFinished(*connector_);
    host().deliver();
    if (flights_.planned()) turn_.clock = flightClock();
    if (!queue_.hasDirty() && !closer_.hasFinished()) break;
  }
  if (queue_.hasDirty() || closer_.hasFinished()) host().wake();
  handshakes_.pump();
  if (channel().events.publish()) channel().wakeMain();
  for (const uint64_t next : {deadlines_.next(), requests_.nextExpiry(), delays_.next(),
                              ws::SpareMemory::ofProcess().expiry(), buffers_.next()}) {
    if (next != 0) host().setTimer(next);
  }
  polls_.poller().settle();
  figures_.turnEnded();
  inTurn_ = false;
}

// Those that no poller reports.
void Service::readPending() {
  if (pending_.empty()) return;
  for (const ConnectionId id : pending_.take()) {
    Connection* connection = find(id);
    if (connection == nullptr || !connection->input.unqueue()) continue;
    if (connection->upgrading()) {
      upgrade_.ready(*connection, true, false, true);
    } else {
      reader_.readPending(*connection);
    }
  }
}

void Service::timer() {
  beginTurn();
  returns_.expireLeases();
  retryBackedOff();
  ws::SpareMemory::ofProcess().expire(turn_.now);
  buffers_.giveBack();
  Timers::Entry entry;
  while (deadlines_.pop(turn_.now, entry)) {
    Connection* connection = find(entry.id);
    if (connection == nullptr || connection->deadline() != entry.deadline) continue;
    connection->setDeadline(0);
    if (connection->phase() == Phase::opening) {
      handshakes_.expired(*connection, turn_.now);
    } else {
      closer_.expired(*connection);
    }
  }
  finishTurn();
}

// Those that a BIO has put off, and whose time has come.
void Service::retryBackedOff() {
  Timers::Entry entry;
  while (delays_.pop(turn_.now, entry)) {
    Connection* connection = find(entry.id);
    if (connection == nullptr) continue;
    if (connection->upgrading()) {
      upgrade_.ready(*connection, true, true, true);
    } else if (!connection->established()) {
      connector_->resume(*connection);
    } else if (connection->polling.retry()) {
      polls_.update(*connection);
      if (connection->reads()) reader_.readable(*connection);
      queue_.markDirty(*connection);
    }
  }
}

}  // namespace lwspool
