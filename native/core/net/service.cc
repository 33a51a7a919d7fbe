#include "service.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "../bio/chain.h"
#include "../flight/note.h"
#include "../flight/tls_watch.h"
#include "../ws/close_code.h"
#include "../ws/spare_memory.h"
#include "addresses.h"
#include "use.h"

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
// What a timer in JavaScript can wait for. Milliseconds.
constexpr double kLongestHold = 2'147'483'647;

std::unique_ptr<Poller> makePoller(PollerKind kind) {
  std::string reason;
  auto poller = Poller::make(kind, reason);
  if (!poller) throw std::runtime_error(reason);
  return poller;
}

}  // namespace

Service::Service(Channel& channel, Host& host, uint32_t handshakesInFlight, PollerKind poller)
    : channel_(channel),
      host_(host),
      figures_(channel.figures()),
      poller_(makePoller(poller)),
      handshakes_(*this, handshakesInFlight),
      now_(monotonicNow()),
      buffer_(kReadBuffer) {}

// Where there are other workers, they fill it again with what they need.
Service::~Service() { ws::SpareMemory::ofProcess().clear(); }

void Service::use(Opener& opener, Consumer& owner, Consumer& handler) {
  opener_ = &opener;
  owner_ = &owner;
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
  Consumer* const handler = counter != counters_.end() ? &counter->second : handler_;
  connection.owner = command.owned ? handler : owner_;
  connection.consumer = command.group != 0 ? handler : owner_;
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

const CountingConsumer* Service::counter(uint32_t group) const {
  const auto found = counters_.find(group);
  return found != counters_.end() ? &found->second : nullptr;
}

Connection* Service::adopt(std::shared_ptr<const Endpoint> endpoint, Consumer& consumer) {
  const auto id = channel_.slots.allocate();
  if (!id) return nullptr;
  Connection& connection = slot(*id);
  begin(connection, std::move(endpoint));
  connection.owner = connection.consumer = &consumer;
  connection.opening = std::make_unique<Opening>();
  connection.enter(Phase::opening);
  return &connection;
}

// --- commands ------------------------------------------------------------------------------------

void Service::takeCommands() {
  for (Item& item : channel_.take()) {
    if (auto* commands = std::get_if<Commands>(&item)) {
      if (SlabRef slab = channel_.outbox.slab(commands->slab)) {
        apply(slab->data(), std::min<size_t>(commands->length, slab->size()), Source::owner);
        channel_.outbox.recycle(commands->slab);
      }
    } else if (auto* large = std::get_if<LargeCommand>(&item)) {
      apply(large->record, large->payload.data(), Source::owner);
    } else if (auto* news = std::get_if<LeaseNews>(&item)) {
      leaseNews(news->id);
    } else if (auto* late = std::get_if<LeaseReturn>(&item)) {
      leaseReturn(*late);
    } else if (auto* clock = std::get_if<LeaseClock>(&item)) {
      const Connection* connection = find(clock->id);
      if (connection != nullptr && connection->established()) {
        leaseTimers_.hasten(clock->expiresAt, clock->id);
      }
    } else {
      connect(std::move(std::get<ConnectCommand>(item)));
    }
  }
  resumeStalled();
}

void Service::apply(const uint8_t* records, size_t size, Source source) {
  size_t at = 0;
  while (size - at >= sizeof(Record)) {
    // A copy: what was checked must still be so when it is used, and need not lie at a multiple of
    // anything.
    Record record;
    std::memcpy(&record, records + at, sizeof record);
    if (record.size < recordSize(record.length) || record.size > size - at) return;
    apply(record, records + at + sizeof(Record), source);
    at += record.size;
  }
}

void Service::apply(const Record& record, const uint8_t* payload, Source source) {
  const auto command = static_cast<Command>(record.type);
  const std::string_view text(reinterpret_cast<const char*>(payload), record.length);
  if (command == Command::broadcast) {
    handler_->broadcast(record.aux, (record.flags & flag::binary) != 0, payload, record.length);
    return;
  }
  Connection* found = find({record.slot, record.generation});
  if (found == nullptr) {
    if (command == Command::send) sentTooLate(record);
    return;
  }
  Connection& connection = *found;
  switch (command) {
    case Command::send: {
      whileMemoryLasts(connection, [&] {
        send(connection, (record.flags & flag::binary) != 0 ? ws::Opcode::binary : ws::Opcode::text,
             payload, record.length);
      });
      // Until it is written: whoever asks in this turn has to see it in one of the two.
      connection.ledger->pending.store(static_cast<double>(connection.out.size()),
                                       std::memory_order_release);
      auto& accepted = source == Source::owner ? connection.ledger->acceptedOwner
                                               : connection.ledger->acceptedHandler;
      accepted.store(accepted.load(std::memory_order_relaxed) + record.length,
                     std::memory_order_release);
      break;
    }
    case Command::ping:
      if (record.length <= ws::kMaxControlPayload && connection.sends() &&
          connection.kind() == Kind::ws) {
        sendFrame(connection, ws::Opcode::ping, payload, record.length);
        note(connection, Flight::pingSent, record.length);
        countPing(connection, payload, record.length);
      }
      break;
    case Command::close:
      close(connection, static_cast<uint16_t>(record.aux), text);
      break;
    case Command::terminate:
      terminate(connection);
      break;
    case Command::pause:
    case Command::resume:
      pause(connection, command == Command::pause);
      break;
    case Command::mark:
      mark(connection, record.aux, source == Source::owner ? *owner_ : *handler_);
      break;
    case Command::end:
      end(connection);
      break;
    case Command::fail: {
      ErrorInfo error{"ERR_HANDLER_FAILED", Fields::decode(text)};
      fail(connection, ws::close_code::internalError, std::move(error));
      break;
    }
    case Command::lease: {
      double maxHold = 0;
      if (record.length == sizeof maxHold) std::memcpy(&maxHold, payload, sizeof maxHold);
      wish(connection, {record.aux, source, (record.flags & flag::exclusive) != 0,
                        (record.flags & flag::frame) != 0,
                        maxHold > 0 ? static_cast<uint64_t>(std::min(maxHold, kLongestHold)) : 0});
      break;
    }
    case Command::cancelLease:
      cancelWish(connection, record.aux, source);
      break;
    case Command::taken:
      reconsider(connection);
      break;
    case Command::broadcast:
      break;
  }
  if (isOutput(command)) noteOutput(connection, source);
}

// Whoever asks has not heard yet that it is over.
void Service::sentTooLate(const Record& record) {
  if (record.slot >= connections_.size()) return;
  Connection& connection = connections_[record.slot];
  if (connection.id.generation == record.generation) countUnsent(connection);
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
        if (now.id.slot >= capacity) opener_->arrivals(now.id.slot - capacity);
        continue;
      }
      if (connection->upgrading()) {
        upgrade(*connection, now.readable || now.broken, now.writable && connection->wantWrite,
                now.ended);
        continue;
      }
      if (const Opening* const opening = connection->opening.get(); opening != nullptr) {
        // An earlier attempt had the same name: what was seen before this one began is that one's.
        if (opening->watched && opening->watchedSince < looks_) opener_->serve(*connection, now);
        continue;
      }
      if (!connection->established()) continue;
      Use use(*connection);
      if (!use) {
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
  opener_->turn();
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
      if (finished_[i]->phase == Phase::dying) opener_->close(*finished_[i]);
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
  speedUp();
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

// --- the opener's -------------------------------------------------------------------------------

int Service::watch(Connection& connection, int fd) {
  Opening& opening = *connection.opening;
  connection.fd = fd;
  // A Unix socket that is connected has room.
  const bool write = connection.tellsOfRoom() || !opening.stands;
  const int error = poller_->add(fd, connection.id, true, write);
  opening.watched = error == 0;
  opening.watchedSince = looks_;
  return error;
}

// Named by a slot that no connection has.
int Service::watchListener(int fd, uint32_t number, bool fresh) {
  const ConnectionId id{channel_.slots.capacity() + number, 0};
  return fresh ? poller_->add(fd, id, true, false) : poller_->change(fd, id, true, false);
}

void Service::lookAgain(Connection& connection) {
  poller_->change(connection.fd, connection.id, true, true);
}

void Service::established(Connection& connection, int fd, SSL* ssl) {
  handshakes_.succeeded(connection);
  opener_->established(connection);
  connection.fd = fd;
  connection.ssl = ssl;
  arm(connection, 0);
  connection.enter(Phase::open);
  connection.wasOpen = true;
  connection.reached(&ConnectionFigures::opened);
  countOpened(connection);
  const std::unique_ptr<Opening> opening = std::move(connection.opening);
  if (connection.kind() == Kind::ws) {
    connection.decoder.emplace(
        ws::DecoderOptions{connection.endpoint->role, connection.endpoint->maxPayload, nullptr});
  }
  // Nobody gets a lease before what came with the answer is taken in.
  Use use(connection);
  lend(connection);
  note(connection, Flight::opened);
  if (connection.flight != nullptr && ssl != nullptr) watchTls(ssl, *connection.cell, Lock::held);
  Fields facts;
  if (!opening->protocol.empty()) facts.set("protocol", opening->protocol);
  if (!opening->headers.empty()) facts.set("headers", opening->headers);
  // A handler asks for the addresses where it wants them, see ServiceBinding::addresses().
  if (connection.consumer != owner_) connection.consumer->opened(connection, facts);
  if (connection.owner == owner_) {
    describeAddresses(fd, facts);
    connection.owner->opened(connection, facts);
  }
  for (std::string& line : opening->secrets) {
    connection.owner->keylog(connection, line);
    if (connection.consumer != connection.owner) connection.consumer->keylog(connection, line);
    OPENSSL_cleanse(line.data(), line.size());
  }
  int error = 0;
  const bool wrote = std::exchange(connection.wantWrite, false) && !connection.tellsOfRoom();
  connection.watched = true;
  if (!opening->watched || connection.paused || wrote || !opening->drained) {
    error = watchOn(connection, !opening->watched);
  }
  if (error != 0) return lost(connection, "epoll_ctl", error);
  if (!opening->early.empty()) {
    countRead(connection, opening->early.size());
    input(connection, reinterpret_cast<uint8_t*>(opening->early.data()), opening->early.size());
  }
  if (bio::keptBy(ssl) > 0) {
    connection.cell->whole = false;
    markDirty(connection);
  }
  warn(connection);
  // TLS may hold bytes already that no poller will report.
  if (hasPending(ssl) && connection.reads()) readLater(connection);
}

void Service::failed(Connection& connection) {
  const std::unique_ptr<Opening> opening = std::move(connection.opening);
  connection.enter(Phase::free);
  connection.fd = -1;
  connection.ssl = nullptr;
  endRecord(connection, opening->error);
  connection.owner->failed(connection, opening->error);
  if (connection.consumer != connection.owner) {
    connection.consumer->failed(connection, opening->error);
  }
  host_.wake();
}

void Service::destroyed(Connection& connection) {
  {
    std::lock_guard lock(connection.cell->mutex);
    if (connection.cell->right == Right::detached) {
      connection.cell->right = Right::nobody;
      const auto& holding = connection.cell->holding;
      if (holding && holding->departure) holding->departure->tell();
    }
  }
  connection.enter(Phase::free);
  connection.fd = -1;
  connection.ssl = nullptr;
  connection.wsi = nullptr;
  connection.out.clear();
  connection.ledger->pending.store(0, std::memory_order_relaxed);
  CloseInfo& info = connection.closing();
  note(connection, Flight::closed, info.code);
  endRecord(connection, info.error);
  // The handler first: once the owner knows, the slot may be taken again.
  if (!connection.wasOpen) {  // its request was never answered; nobody but its owner knows of it
    connection.owner->failed(connection, info.error);
  } else {
    countClosed(info.code);
    if (connection.consumer != connection.owner) {
      connection.consumer->closed(connection, info.code, info.reason, info.error);
    }
    connection.owner->closed(connection, info.code, info.reason, info.error);
  }
  connection.closeInfo.reset();
  connection.marks.reset();
  connection.decoder.reset();
  connection.endpoint.reset();
  host_.wake();
}

}  // namespace lwspool
