#include "service_figures.h"

#include <string_view>
#include <utility>

#include "../stats/figures.h"

namespace lwspool {

namespace {

// A peer that answers no pings must not make us keep what we sent.
constexpr size_t kAwaited = 16;

}  // namespace

void ServiceFigures::begin(Connection& connection, std::shared_ptr<const Endpoint> endpoint) {
  connection.aim(std::move(endpoint));
  ConnectionFigures* const figures = connection.figures();
  if (figures == nullptr) return;
  set(figures->generation, connection.id.generation);
  set(figures->group, connection.group());
  const int traits = (connection.kind() == Kind::ws ? ConnectionFigures::kWebSocket : 0) |
                     (connection.endpoint()->tls ? ConnectionFigures::kSecure : 0);
  set(figures->traits, traits);
  set(figures->queued, preciseNow());
}

void ServiceFigures::countOpened(const Connection& connection) {
  if (worker_ == nullptr) return;
  add(worker_->opened, 1);
  const ConnectionFigures& figures = *connection.figures();
  const double begun = get(figures.begun);
  const double connected = get(figures.connected);
  if (begun == 0 || connected == 0) return;
  worker_->queue.note(begun - get(figures.queued));
  worker_->tcp.note(connected - begun);
  double ready = connected;
  if (const double secured = get(figures.secured); secured > 0) {
    worker_->tls.note(secured - connected);
    ready = secured;
  }
  if (connection.kind() == Kind::ws) worker_->upgrade.note(get(figures.opened) - ready);
}

void ServiceFigures::countClosed(uint16_t code) {
  if (worker_ != nullptr) add(worker_->closed[closeKind(code)], 1);
}

void ServiceFigures::countRead(Connection& connection, size_t bytes) {
  if (worker_ == nullptr) return;
  add(worker_->bytesReceived, static_cast<double>(bytes));
  ConnectionFigures& figures = *connection.figures();
  add(figures.bytesReceived, static_cast<double>(bytes));
  add(figures.reads, 1);
  set(figures.lastRead, static_cast<double>(turn_.now));
}

void ServiceFigures::countReceived(Connection& connection, size_t messages) {
  if (worker_ == nullptr || messages == 0) return;
  add(worker_->messagesReceived, static_cast<double>(messages));
  ConnectionFigures& figures = *connection.figures();
  if (get(figures.messagesReceived) == 0) connection.reached(&ConnectionFigures::firstMessage);
  add(figures.messagesReceived, static_cast<double>(messages));
}

void ServiceFigures::countWritten(Connection& connection, size_t bytes) {
  if (worker_ == nullptr) return;
  add(worker_->bytesSent, static_cast<double>(bytes));
  ConnectionFigures& figures = *connection.figures();
  add(figures.bytesSent, static_cast<double>(bytes));
  add(figures.writes, 1);
  set(figures.lastWrite, static_cast<double>(turn_.now));
}

void ServiceFigures::countSent(Connection& connection) {
  if (worker_ == nullptr) return;
  add(worker_->messagesSent, 1);
  ConnectionFigures& figures = *connection.figures();
  add(figures.messagesSent, 1);
  raise(figures.queuedBytesMax, static_cast<double>(connection.output.queue.size()));
}

void ServiceFigures::countUnsent(Connection& connection) {
  if (worker_ == nullptr) return;
  add(worker_->messagesUnsent, 1);
  add(connection.figures()->messagesUnsent, 1);
}

void ServiceFigures::countDiscarded(Connection& connection, size_t messages) {
  if (worker_ == nullptr || messages == 0) return;
  add(worker_->messagesDiscarded, static_cast<double>(messages));
  add(connection.figures()->messagesDiscarded, static_cast<double>(messages));
}

void ServiceFigures::countEncoded(Connection& connection, const ws::Extension::Counts& before) {
  const ws::Extension::Counts& now = connection.extension->sent;
  if (worker_ == nullptr || now.decoded + now.encoded == before.decoded + before.encoded) return;
  ConnectionFigures& figures = *connection.figures();
  add(worker_->encodedSent, static_cast<double>(now.encoded - before.encoded));
  add(worker_->decodedSent, static_cast<double>(now.decoded - before.decoded));
  add(figures.encodedSent, static_cast<double>(now.encoded - before.encoded));
  add(figures.decodedSent, static_cast<double>(now.decoded - before.decoded));
}

void ServiceFigures::countDecoded(Connection& connection, const ws::Extension::Counts& before) {
  const ws::Extension::Counts& now = connection.extension->received;
  if (worker_ == nullptr || now.decoded + now.encoded == before.decoded + before.encoded) return;
  ConnectionFigures& figures = *connection.figures();
  add(worker_->encodedReceived, static_cast<double>(now.encoded - before.encoded));
  add(worker_->decodedReceived, static_cast<double>(now.decoded - before.decoded));
  add(figures.encodedReceived, static_cast<double>(now.encoded - before.encoded));
  add(figures.decodedReceived, static_cast<double>(now.decoded - before.decoded));
}

void ServiceFigures::countPing(Connection& connection, const uint8_t* data, size_t size) {
  if (worker_ == nullptr) return;
  add(connection.figures()->pingsSent, 1);
  if (!connection.pings) connection.pings = std::make_unique<std::deque<SentPing>>();
  if (connection.pings->size() == kAwaited) connection.pings->pop_front();
  connection.pings->push_back({preciseNow(), {reinterpret_cast<const char*>(data), size}});
}

// RFC 6455, 5.5.3: a pong bears what its ping did, and may stand for those before it.
void ServiceFigures::countPong(Connection& connection, const uint8_t* data, size_t size) {
  if (worker_ == nullptr) return;
  ConnectionFigures& figures = *connection.figures();
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
    worker_->roundTrip.note(time);
    pings.erase(pings.begin(), pings.begin() + static_cast<ptrdiff_t>(i) + 1);
    break;
  }
  if (pings.empty()) connection.pings.reset();
}

void ServiceFigures::turnBegan(double now) {
  if (worker_ == nullptr || turnBegan_ != 0) return;
  turnBegan_ = now;
  set(worker_->turnBegan, now);
}

void ServiceFigures::turnEnded() {
  if (worker_ == nullptr) return;
  const double time = preciseNow() - std::exchange(turnBegan_, 0);
  set(worker_->turnBegan, 0);
  add(worker_->turns, 1);
  add(worker_->busy, time);
  raise(worker_->turnMax, time);
  const auto events = static_cast<double>(std::exchange(events_, 0));
  add(worker_->events, events);
  raise(worker_->eventsMax, events);
}

}  // namespace lwspool
