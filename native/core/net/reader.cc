#include "reader.h"

#include <sys/socket.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../bio/chain.h"
#include "../io/transport.h"
#include "../ws/frame_decoder_feed.h"
#include "../ws/spare_memory.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

namespace {

// How much is still read where writing has failed: more than a kernel keeps of a gone peer's.
constexpr int kLastReads = 256;

// What no poller reports: bytes inside OpenSSL, and perhaps inside a BIO.
bool holdsMore(const SSL* ssl) {
  if (hasPending(ssl)) return true;
  const bio::Chain* const chain = bio::Chain::of(ssl);
  return chain != nullptr && chain->readsAhead();
}

}  // namespace

// Takes what the decoder finds to the connection's consumer.
struct DecodedFrames {
  Reader& reader;
  Connection& connection;
  size_t messages = 0;
  size_t discarded = 0;

  std::span<uint8_t> scratch() {
    std::vector<uint8_t>& memory = reader.turn_.scratch;
    if (memory.empty()) memory.resize(kSmallRead);
    return memory;
  }
  size_t decodable() { return kDecodedAtOnce; }

  void message(ws::Opcode opcode, const uint8_t* data, size_t size) {
    messages++;
    if (connection.input.drops()) [[unlikely]] {
      discarded++;
      return;
    }
    connection.input.unread.gave(size);
    connection.sink()->message(connection, opcode, data, size);
  }
  void message(ws::Opcode opcode, ws::Bytes&& data) {
    messages++;
    if (connection.input.drops()) [[unlikely]] {
      discarded++;
    } else {
      connection.input.unread.gave(data.size());
      connection.sink()->message(connection, opcode, std::move(data));
    }
    // Where only its bytes were looked at, the next message may have the memory.
    if (data.data() != nullptr) ws::SpareMemory::ofProcess().give(std::move(data));
  }
  void ping(const uint8_t* data, size_t size) { reader.ping(connection, data, size); }
  void pong(const uint8_t* data, size_t size) {
    note(connection, Flight::pongReceived, static_cast<uint32_t>(size));
    reader.figures_.countPong(connection, data, size);
    connection.sink()->pong(connection, data, size);
  }
  void close(uint16_t code, const uint8_t* reason, size_t size) {
    reader.closer_.peerClosed(connection, code, {reinterpret_cast<const char*>(reason), size});
  }
};

Reader::Reader(Turn& turn, ServiceFigures& figures, PollSet& polls, PendingReads& pending,
               SendQueue& queue, BioDelays& delays, TlsBuffers& buffers, LeaseRequests& requests,
               Closer& closer, Acceptor& acceptor, Backpressure& pressure)
    : turn_(turn),
      figures_(figures),
      polls_(polls),
      pending_(pending),
      queue_(queue),
      delays_(delays),
      buffers_(buffers),
      requests_(requests),
      closer_(closer),
      acceptor_(acceptor),
      pressure_(pressure) {}

template <class Feed>
void Reader::decode(Connection& connection, Feed feed) {
  DecodedFrames frames{*this, connection};
  const ws::Extension* const extension = connection.extension.get();
  const ws::Extension::Counts before = extension ? extension->received : ws::Extension::Counts();
  const ws::Failure* const failure = feed(*connection.decoder, frames);
  figures_.countReceived(connection, frames.messages);
  figures_.countDiscarded(connection, frames.discarded);
  if (extension != nullptr) figures_.countDecoded(connection, before);
  if (failure != nullptr) return closer_.refuseInput(connection, *failure);
  if (connection.decoder->suspended()) pending_.add(connection);
}

void Reader::readable(Connection& connection, bool ended) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  Read last = readOn(connection);
  // The end is likely to be next: asked for at once it costs less than having it reported.
  if (ended && last != Read::nothing && guard && connection.reads()) last = readOn(connection);
  // It is put off before that was reached.
  if (ended && connection.input.stalled()) connection.polling.noteEnd(true);
  // At descriptors that are sent along a read ends as well; see unix(7).
  const bool stops = ended || !connection.endpoint()->unixPath.empty();
  const bool more = last == Read::drained ? stops : last != Read::nothing;
  // Also where a lease has begun meanwhile: it is the poller that says then what was left.
  if (more && connection.established() && !connection.polling.parked()) {
    polls_.watchOn(connection, false);
  }
}

// Returns how the last read ended. Nothing: the kernel has no more, or is not to be asked now.
Reader::Read Reader::readOn(Connection& connection) {
  ConnectionGuard guard(connection);
  for (int i = 0; i < kReads; i++) {
    const Read read = readOnce(connection);
    if (read == Read::nothing || read == Read::spent) {
      BioDelays::warn(connection);
      return Read::nothing;
    }
    requests_.grant(connection);
    if (!guard || !connection.reads()) return Read::some;
    const bool more =
        read == Read::drained ? hasPending(connection.ssl()) : holdsMore(connection.ssl());
    if (!more && read != Read::filled) return read;
  }
  // The poller reports what the kernel still holds, but not what OpenSSL or a BIO does.
  if (holdsMore(connection.ssl())) pending_.add(connection);
  return Read::some;
}

// Spent: TLS has read its share of a turn. Drained: the kernel has nothing more. Filled: there is
// room for more than was asked for, and more is likely to be there.
Reader::Read Reader::readOnce(Connection& connection) {
  if (!connection.input.discards() && pressure_.holdBack(connection)) return Read::nothing;
  if (connection.suspended()) {
    decode(connection, [](ws::FrameDecoder& decoder, DecodedFrames& frames) {
      return decoder.feed(nullptr, 0, frames);
    });
    return Read::filled;
  }
  size_t ahead = std::min(requests_.readableAtOnce(connection),
                          std::max(connection.endpoint()->highWaterMark, kSmallRead));
  std::span<uint8_t> room;
  if (connection.decoder && !connection.input.discards()) {
    room = connection.decoder->room();
    ahead = connection.decoder->readAhead(ahead - std::min(ahead, room.size()));
  }
  const IoResult result =
      receive(connection.fd(), connection.ssl(), room, {turn_.buffer.data(), ahead});
  if (result.status != IoResult::Status::done) {
    if (result.status != IoResult::Status::again) {
      inputEnded(connection, result);
    } else if (bio::Chain* const chain = bio::Chain::of(connection.ssl())) {
      delays_.backOff(connection, *chain);
    }
    if (result.more) pending_.add(connection);
    return result.more ? Read::spent : Read::nothing;
  }
  if (result.more) pending_.add(connection);
  turn_.taken += result.bytes;
  if (connection.ssl() != nullptr) buffers_.keep(connection);
  noteTraffic(connection, turn_.clock, Flight::read, result.bytes);
  figures_.countRead(connection, result.bytes);
  const size_t placed = std::min(result.bytes, room.size());
  if (placed > 0) {  // payload, to where its message lies
    decode(connection, [&](ws::FrameDecoder& decoder, DecodedFrames& frames) {
      return decoder.filled(placed, frames);
    });
  }
  if (result.bytes > placed) input(connection, turn_.buffer.data(), result.bytes - placed);
  if (result.drained) return Read::drained;
  const bool filled = result.bytes == room.size() + ahead && ahead < turn_.buffer.size();
  return filled ? Read::filled : Read::some;
}

void Reader::readPending(Connection& connection) {
  if (connection.reads()) {
    const bool ended = connection.polling.takeEnd();
    closer_.whileMemoryLasts(connection, [&] { readable(connection, ended); });
  }
  // A write waits for the rest of a message of TLS itself.
  if (connection.polling.wantsRoom()) queue_.markDirty(connection);
}

void Reader::input(Connection& connection, uint8_t* data, size_t size) {
  if (connection.input.discards()) return;
  if (connection.request) {
    const std::span<uint8_t> rest = acceptor_.request(connection, data, size);
    if (rest.empty()) return;
    return input(connection, rest.data(), rest.size());
  }
  if (connection.kind() == Kind::raw) {
    figures_.countReceived(connection, 1);
    if (connection.input.drops()) return figures_.countDiscarded(connection, 1);
    connection.input.unread.gave(size);
    connection.sink()->data(connection, data, size);
    return;
  }
  decode(connection, [&](ws::FrameDecoder& decoder, DecodedFrames& frames) {
    return decoder.feed(data, size, frames);
  });
}

void Reader::ping(Connection& connection, const uint8_t* data, size_t size) {
  note(connection, Flight::pingReceived, static_cast<uint32_t>(size));
  if (connection.figures() != nullptr) add(connection.figures()->pingsReceived, 1);
  connection.sink()->ping(connection, data, size);
  if (!connection.sends()) return;
  // A peer that asks without reading must not make the queue grow. RFC 6455, 5.5.3 lets the answer
  // to the last ping stand for those before it.
  if (!connection.output.mayPong()) {
    return connection.output.deferPong({reinterpret_cast<const char*>(data), size});
  }
  queue_.sendPong(connection, data, size);
}

void Reader::inputEnded(Connection& connection, const IoResult& result) {
  if (result.status == IoResult::Status::broken) {
    return closer_.lost(connection, "read", result.error, result.reason);
  }
  if (const int error = connection.input.kernelError(); error != 0) {
    return closer_.lost(connection, "read", error);
  }
  note(connection, Flight::peerEnded, 0, 0, result.status == IoResult::Status::truncated);
  if (connection.kind() == Kind::raw) {
    connection.input.end();
    polls_.update(connection);
    if (connection.phase() != Phase::open) return queue_.markDirty(connection);
    if (connection.ending.endsAfterFlush()) return closer_.end(connection);
    // Half-closed. The consumer ends this side when it has answered what it got.
    return connection.sink()->ended(connection);
  }
  if (!connection.ending.received() && !connection.ending.info().error) {
    return closer_.lost(connection, "read", 0, endingOf(result));
  }
  closer_.finish(connection);
}

void Reader::pause(Connection& connection, bool paused) {
  if (!connection.input.pause(paused)) return;
  note(connection, paused ? Flight::paused : Flight::resumed);
  if (!connection.established()) return;
  pending_.inputWanted(connection);
  if (paused) requests_.inputStopped(connection);
}

void Reader::brokenOff(Connection& connection) {
  int error = 0;
  socklen_t size = sizeof error;
  // Without one it has ended both ways in order, and what is left of it can wait.
  if (getsockopt(connection.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0) return;
  connection.input.pause(false);
  connection.input.noteKernelError(error);
  readLast(connection);
  closer_.lost(connection, "read", error);
}

void Reader::readLast(Connection& connection) {
  for (int i = 0; i < kLastReads && connection.reads(); i++) {
    if (readOnce(connection) == Read::nothing) break;
  }
}

}  // namespace lwspool
