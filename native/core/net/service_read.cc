// Bytes that come in on established connections, and which of them are wanted.
#include <algorithm>
#include <span>
#include <utility>

#include "../bio/chain.h"
#include "../ws/frame_decoder_feed.h"
#include "../ws/spare_memory.h"
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

namespace {

// How much is still read where writing has failed: more than a kernel keeps of a gone peer's.
constexpr int kLastReads = 256;

}  // namespace

// What no poller reports: bytes inside OpenSSL, and perhaps inside a BIO.
static bool holdsMore(const SSL* ssl) {
  if (hasPending(ssl)) return true;
  const bio::Chain* const chain = bio::Chain::of(ssl);
  return chain != nullptr && chain->readsAhead();
}

// Takes what the decoder finds to the connection's consumer.
struct DecodedFrames {
  Service& service;
  Connection& connection;
  size_t messages = 0;
  size_t discarded = 0;

  void message(ws::Opcode opcode, const uint8_t* data, size_t size) {
    messages++;
    if (connection.dropping) [[unlikely]] {
      discarded++;
      return;
    }
    connection.unread.gave(size);
    connection.sink->message(connection, opcode, data, size);
  }
  void message(ws::Opcode opcode, ws::Bytes&& data) {
    messages++;
    if (connection.dropping) [[unlikely]] {
      discarded++;
    } else {
      connection.unread.gave(data.size());
      connection.sink->message(connection, opcode, std::move(data));
    }
    // Where only its bytes were looked at, the next message may have the memory.
    if (data.data() != nullptr) ws::SpareMemory::ofProcess().give(std::move(data));
  }
  void ping(const uint8_t* data, size_t size) { service.ping(connection, data, size); }
  void pong(const uint8_t* data, size_t size) {
    note(connection, Flight::pongReceived, static_cast<uint32_t>(size));
    service.countPong(connection, data, size);
    connection.sink->pong(connection, data, size);
  }
  void close(uint16_t code, const uint8_t* reason, size_t size) {
    service.peerClosed(connection, code, {reinterpret_cast<const char*>(reason), size});
  }
};

// Ended: the peer's end may lie behind what is there, or more behind urgent data (MSG_OOB).
void Service::readable(Connection& connection, bool ended) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  Read last = readOn(connection);
  // The end is likely to be next: asked for at once it costs less than having it reported.
  if (ended && last != Read::nothing && guard && connection.reads()) last = readOn(connection);
  // It is put off before that was reached.
  if (ended && connection.stalled) connection.endTold = true;
  // At descriptors that are sent along a read ends as well; see unix(7).
  const bool stops = ended || !connection.endpoint->unixPath.empty();
  const bool more = last == Read::drained ? stops : last != Read::nothing;
  // Also where a lease has begun meanwhile: it is the poller that says then what was left.
  if (more && connection.established() && !connection.parked) {
    watchOn(connection, false);
  }
}

// Answers how the last read ended. Nothing: the kernel has no more, or is not to be asked now.
Service::Read Service::readOn(Connection& connection) {
  ConnectionGuard guard(connection);
  for (int i = 0; i < kReads; i++) {
    const Read read = readOnce(connection);
    if (read == Read::nothing) {
      warn(connection);
      return read;
    }
    grantRequests(connection);
    if (!guard || !connection.reads()) return Read::some;
    const bool more =
        read == Read::drained ? hasPending(connection.ssl) : holdsMore(connection.ssl);
    if (!more && read != Read::filled) return read;
  }
  // The poller reports what the kernel still holds, but not what OpenSSL or a BIO does.
  if (holdsMore(connection.ssl)) readLater(connection);
  return Read::some;
}

// Drained: the kernel has nothing more. Filled: there is room for more than was asked
// for, and more is likely to be there.
Service::Read Service::readOnce(Connection& connection) {
  if (!connection.discard && holdBack(connection)) return Read::nothing;
  size_t ahead = std::min(readableAtOnce(connection),
                          std::max(connection.endpoint->highWaterMark, kSmallRead));
  std::span<uint8_t> room;
  if (connection.decoder && !connection.discard) {
    room = connection.decoder->room();
    ahead = connection.decoder->readAhead(ahead - std::min(ahead, room.size()));
  }
  const IoResult result = receive(connection.fd, connection.ssl, room, {buffer_.data(), ahead});
  if (result.status != IoResult::Status::done) {
    if (result.status != IoResult::Status::again) {
      inputEnded(connection, result);
    } else if (bio::Chain* const chain = bio::Chain::of(connection.ssl)) {
      backOff(connection, *chain);
    }
    if (result.more) readLater(connection);
    return Read::nothing;
  }
  if (result.more) readLater(connection);
  taken_ += result.bytes;
  if (connection.ssl != nullptr) keepBuffers(connection);
  noteTraffic(connection, clock_, Flight::read, result.bytes);
  countRead(connection, result.bytes);
  const size_t placed = std::min(result.bytes, room.size());
  if (placed > 0) payloadPlaced(connection, placed);
  if (result.bytes > placed) input(connection, buffer_.data(), result.bytes - placed);
  if (result.drained) return Read::drained;
  const bool filled = result.bytes == room.size() + ahead && ahead < buffer_.size();
  return filled ? Read::filled : Read::some;
}

void Service::readLater(Connection& connection) {
  if (std::exchange(connection.toBeRead, true)) return;
  toBeRead_.push_back(connection.id);
  host_.wake();
}

void Service::readPending() {
  if (toBeRead_.empty()) return;
  std::vector<ConnectionId> ids;
  ids.swap(toBeRead_);
  for (const ConnectionId id : ids) {
    Connection* connection = find(id);
    if (connection == nullptr || !std::exchange(connection->toBeRead, false)) continue;
    if (connection->reads()) {
      const bool ended = std::exchange(connection->endTold, false);
      whileMemoryLasts(*connection, [&] { readable(*connection, ended); });
    }
    // A write waits for the rest of a message of TLS itself.
    if (connection->wantWrite) markDirty(*connection);
  }
}

void Service::input(Connection& connection, uint8_t* data, size_t size) {
  if (connection.discard) return;
  if (connection.request) return request(connection, data, size);
  if (connection.kind() == Kind::raw) {
    countReceived(connection, 1);
    if (connection.dropping) return countDiscarded(connection, 1);
    connection.unread.gave(size);
    connection.sink->data(connection, data, size);
    return;
  }
  DecodedFrames frames{*this, connection};
  const ws::Failure* failure = connection.decoder->feed(data, size, frames);
  countReceived(connection, frames.messages);
  countDiscarded(connection, frames.discarded);
  if (failure != nullptr) refuseInput(connection, *failure);
}

// Payload was read to where its message lies.
void Service::payloadPlaced(Connection& connection, size_t size) {
  DecodedFrames frames{*this, connection};
  const ws::Failure* failure = connection.decoder->filled(size, frames);
  countReceived(connection, frames.messages);
  countDiscarded(connection, frames.discarded);
  if (failure != nullptr) refuseInput(connection, *failure);
}

// The peer has broken the protocol.
void Service::refuseInput(Connection& connection, const ws::Failure& failure) {
  ErrorInfo error;
  switch (failure.code) {
    case ws::close_code::invalidPayload:
      error.code = "ERR_INVALID_UTF8";
      break;
    case ws::close_code::tooBig:
      error.code = "ERR_MESSAGE_TOO_BIG";
      break;
    default:
      error.code = "ERR_PROTOCOL";
      break;
  }
  if (&failure == &ws::failure::outOfMemory) error.code = "ERR_NO_MEMORY";
  error.fields.set("reason", failure.reason);
  error.fields.set("limit", std::to_string(connection.endpoint->maxPayload));
  const uint64_t size =
      &failure == &ws::failure::messageTooBig ? connection.decoder->refusedSize() : 0;
  if (size > 0) error.fields.set("size", std::to_string(size));
  fail(connection, failure.code, std::move(error));
}

void Service::inputEnded(Connection& connection, const IoResult& result) {
  if (result.status == IoResult::Status::broken) {
    return lost(connection, "read", result.error);
  }
  note(connection, Flight::peerEnded, 0, 0, result.status == IoResult::Status::truncated);
  if (connection.kind() == Kind::raw) {
    connection.inputEnded = true;
    updateInterest(connection);
    if (connection.phase != Phase::open) return markDirty(connection);
    if (connection.endAfterFlush) return end(connection);
    // Half-closed. The consumer ends this side when it has answered what it got.
    return connection.sink->ended(connection);
  }
  if (!connection.closeReceived && !connection.closing().error) {
    return lost(connection, "read", 0);
  }
  finish(connection);
}

// What the peer said before it went, a close frame above all, is still to be had.
void Service::writeFailed(Connection& connection, int error) {
  for (int i = 0; i < kLastReads && connection.reads(); i++) {
    if (readOnce(connection) == Read::nothing) break;
  }
  lost(connection, "write", error);
}

void Service::updateInterest(Connection& connection) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  const bool read = connection.wantsInput();
  if (connection.parked && !read) return;
  const int error = watchOn(connection, std::exchange(connection.parked, false));
  if (error != 0) lost(connection, "epoll_ctl", error);
}

// What the poller is to tell of one that is established. Anew: it does not know it.
int Service::watchOn(Connection& connection, bool anew) {
  const bool write = connection.polledForRoom();
  connection.watched = connection.wantsInput();
  return anew ? poller_->add(connection.fd, connection.id, connection.watched, write)
              : poller_->change(connection.fd, connection.id, connection.watched, write);
}

// Whether it is to be read may have changed.
void Service::inputWanted(Connection& connection) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  updateInterest(connection);
  if (connection.reads() && hasPending(connection.ssl)) readLater(connection);
}

void Service::discardInput(Connection& connection) {
  if (std::exchange(connection.discard, true)) return;
  if (connection.paused || connection.stalled) inputWanted(connection);
}

void Service::pause(Connection& connection, bool paused) {
  if (connection.paused == paused) return;
  connection.paused = paused;
  note(connection, paused ? Flight::paused : Flight::resumed);
  if (!connection.established()) return;
  inputWanted(connection);
  if (paused) inputStopped(connection);
}

// A request for a lease may have waited for a frame to end, with output held back.
void Service::inputStopped(Connection& connection) {
  if (!connection.leaseRequests) return;
  grantRequests(connection);
  markDirty(connection);
}

}  // namespace lwspool
