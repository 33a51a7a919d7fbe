#include "poll_set.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "../base/errno_name.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

namespace {

std::unique_ptr<Poller> pollerOrThrow(PollerKind kind) {
  std::string reason;
  auto poller = makePoller(kind, reason);
  if (!poller) throw std::runtime_error(reason);
  return poller;
}

}  // namespace

PollSet::PollSet(PollerKind kind, uint32_t capacity)
    : capacity_(capacity), poller_(pollerOrThrow(kind)) {}

int PollSet::watch(Connection& connection, int fd) {
  Opening& opening = *connection.opening;
  connection.setFd(fd);
  // A Unix socket that is connected has room.
  const bool write = connection.tellsOfRoom() || !opening.stands;
  const int error = poller_->add(fd, connection.id, true, write);
  opening.watched = error == 0;
  opening.watchedSince = looks_;
  return error;
}

void PollSet::describe(int error, ErrorInfo& info) const {
  info.code = "ERR_SOCKET";
  info.fields.set("syscall", poller_->syscall()).set("errno", errnoName(error));
}

// Named by a slot that no connection has.
int PollSet::watchListener(int fd, uint32_t number, bool fresh) {
  const ConnectionId id{capacity_ + number, 0};
  return fresh ? poller_->add(fd, id, true, false) : poller_->change(fd, id, true, false);
}

void PollSet::lookAgain(Connection& connection) {
  poller_->change(connection.fd(), connection.id, true, true);
}

int PollSet::watchOn(Connection& connection, bool anew) {
  const bool write = connection.polledForRoom();
  connection.polling.askInput(connection.wantsInput());
  return anew ? poller_->add(connection.fd(), connection.id, connection.polling.asksInput(), write)
              : poller_->change(connection.fd(), connection.id, connection.polling.asksInput(),
                                write);
}

void PollSet::update(Connection& connection) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  const bool read = connection.wantsInput();
  if (connection.polling.parked() && !read) return;
  const int error = watchOn(connection, connection.polling.unpark());
  if (error != 0) loss_->lost(connection, poller_->syscall(), error);
}

void PollSet::park(Connection& connection) {
  if (connection.polling.park()) return;
  note(connection, Flight::parked);
  poller_->remove(connection.fd(), connection.id);
}

void PollSet::forget(Connection& connection, bool closed) {
  if (!std::exchange(connection.opening->watched, false)) return;
  poller_->remove(closed ? -1 : connection.fd(), connection.id);
  poller_->settle();
}

void PollSet::remove(Connection& connection) {
  if (!connection.polling.parked()) poller_->remove(connection.fd(), connection.id);
}

}  // namespace lwspool
