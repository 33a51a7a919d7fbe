// What is counted of connections and of the worker's turns.
#include <string_view>
#include <utility>

#include "connection_guard.h"
#include "service.h"

namespace lwspool {

namespace {

// A peer that answers no pings must not make us keep what we sent.
constexpr size_t kAwaited = 16;

}  // namespace

void Service::begin(Connection& connection, std::shared_ptr<const Endpoint> endpoint) {
  connection.endpoint = std::move(endpoint);
  ConnectionFigures* const figures = connection.figures;
  if (figures == nullptr) return;
  set(figures->generation, connection.id.generation);
  set(figures->group, connection.group);
  const int traits = (connection.kind() == Kind::ws ? ConnectionFigures::kWebSocket : 0) |
                     (connection.endpoint->tls ? ConnectionFigures::kSecure : 0);
  set(figures->traits, traits);
  set(figures->queued, preciseNow());
}

void Service::countOpened(const Connection& connection) {
  if (figures_ == nullptr) return;
  add(figures_->opened, 1);
  const ConnectionFigures& figures = *connection.figures;
  const double begun = get(figures.begun);
  const double connected = get(figures.connected);
  if (begun == 0 || connected == 0) return;
  figures_->queue.note(begun - get(figures.queued));
  figures_->tcp.note(connected - begun);
  double ready = connected;
  if (const double secured = get(figures.secured); secured > 0) {
    figures_->tls.note(secured - connected);
    ready = secured;
  }
  if (connection.kind() == Kind::ws) figures_->upgrade.note(get(figures.opened) - ready);
}

void Service::countClosed(uint16_t code) {
  if (figures_ != nullptr) add(figures_->closed[closeKind(code)], 1);
}

void Service::countRead(Connection& connection, size_t bytes) {
  if (figures_ == nullptr) return;
  add(figures_->bytesReceived, static_cast<double>(bytes));
  ConnectionFigures& figures = *connection.figures;
  add(figures.bytesReceived, static_cast<double>(bytes));
  add(figures.reads, 1);
  set(figures.lastRead, static_cast<double>(now_));
}

void Service::countReceived(Connection& connection, size_t messages) {
  if (figures_ == nullptr || messages == 0) return;
  add(figures_->messagesReceived, static_cast<double>(messages));
  ConnectionFigures& figures = *connection.figures;
  if (get(figures.messagesReceived) == 0) connection.reached(&ConnectionFigures::firstMessage);
  add(figures.messagesReceived, static_cast<double>(messages));
}

void Service::countWritten(Connection& connection, size_t bytes) {
  if (figures_ == nullptr) return;
  add(figures_->bytesSent, static_cast<double>(bytes));
  ConnectionFigures& figures = *connection.figures;
  add(figures.bytesSent, static_cast<double>(bytes));
  add(figures.writes, 1);
  set(figures.lastWrite, static_cast<double>(now_));
}

void Service::countSent(Connection& connection) {
  if (figures_ == nullptr) return;
  add(figures_->messagesSent, 1);
  ConnectionFigures& figures = *connection.figures;
  add(figures.messagesSent, 1);
  raise(figures.queuedBytesMax, static_cast<double>(connection.out.size()));
}

// Also of one that is over: whoever had it may not have heard so yet.
void Service::countUnsent(Connection& connection) {
  if (figures_ == nullptr) return;
  add(figures_->messagesUnsent, 1);
  add(connection.figures->messagesUnsent, 1);
}

void Service::countDiscarded(Connection& connection, size_t messages) {
  if (figures_ == nullptr || messages == 0) return;
  add(figures_->messagesDiscarded, static_cast<double>(messages));
  add(connection.figures->messagesDiscarded, static_cast<double>(messages));
}

void Service::countPing(Connection& connection, const uint8_t* data, size_t size) {
  if (figures_ == nullptr) return;
  add(connection.figures->pingsSent, 1);
  if (!connection.pings) connection.pings = std::make_unique<std::deque<SentPing>>();
  if (connection.pings->size() == kAwaited) connection.pings->pop_front();
  connection.pings->push_back({preciseNow(), {reinterpret_cast<const char*>(data), size}});
}

// RFC 6455, 5.5.3: a pong bears what its ping did, and may stand for those before it.
void Service::countPong(Connection& connection, const uint8_t* data, size_t size) {
  if (figures_ == nullptr) return;
  ConnectionFigures& figures = *connection.figures;
  add(figures.pongsReceived, 1);
  if (!connection.pings) return;
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  auto& pings = *connection.pings;
  for (size_t i = 0; i < pings.size(); i++) {
    if (pings[i].payload != payload) continue;
    const double time = preciseNow() - pings[i].at;
    set(figures.roundTripLast, time);
    raise(figures.roundTripMax, time);
    if (get(figures.roundTrips) == 0 || time < get(figures.roundTripMin)) {
      set(figures.roundTripMin, time);
    }
    add(figures.roundTrips, 1);
    add(figures.roundTripTotal, time);
    figures_->roundTrip.note(time);
    pings.erase(pings.begin(), pings.begin() + static_cast<ptrdiff_t>(i) + 1);
    break;
  }
  if (pings.empty()) connection.pings.reset();
}

uint32_t Service::sampleTcp(uint32_t from, uint32_t count, bool unread) {
  std::shared_ptr<TcpSegment> segment;
  for (uint32_t slot = from; slot < connections_.size(); slot++) {
    if (count-- == 0) return slot;
    if (!segment || slot % kFigureSlots == 0) {
      segment = channel_.slots.tcp(slot / kFigureSlots, true);
      if (!segment) return 0;
    }
    Connection& connection = connections_[slot];
    if (!connection.established()) continue;
    ConnectionGuard guard(connection);
    if (!guard) continue;
    TcpFigures& figures = segment->rows[slot % kFigureSlots];
    if (readTcp(connection.fd, unread, figures)) set(figures.generation, connection.id.generation);
  }
  return 0;
}

// Also where one is under way.
void Service::turnBegins() {
  const double now = preciseNow();
  now_ = static_cast<uint64_t>(now);
  clock_ = static_cast<uint64_t>(now * 1000);
  if (figures_ == nullptr || turnBegan_ != 0) return;
  turnBegan_ = now;
  set(figures_->turnBegan, now);
}

void Service::turnEnds() {
  if (figures_ == nullptr) return;
  const double time = preciseNow() - std::exchange(turnBegan_, 0);
  set(figures_->turnBegan, 0);
  add(figures_->turns, 1);
  add(figures_->busy, time);
  raise(figures_->turnMax, time);
  const auto events = static_cast<double>(std::exchange(events_, 0));
  add(figures_->events, events);
  raise(figures_->eventsMax, events);
}

}  // namespace lwspool
