#include "large_sends.h"

#include "../bio/chain.h"
#include "../io/transport.h"
#include "../ws/frame_pieces.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

namespace {

// What is masked at once. Each call has its price, and a longer frame leaves the cache before the
// kernel has copied it.
constexpr size_t kWhole = 128 * 1024;
constexpr size_t kPiece = 32 * 1024;

}  // namespace

// Nothing is queued, the kernel was not full, and no lease is to begin behind what was sent before.
// BIOs that do more than look on are called in the turn's own time, see Writer::flush().
bool LargeSends::writesAtOnce(const Connection& connection) {
  if (!connection.output.queue.empty() || connection.polling.wantsRoom() ||
      connection.leases.waiting()) {
    return false;
  }
  const bio::Chain* const chain = bio::Chain::of(connection.ssl());
  return chain == nullptr || chain->looksOn();
}

void LargeSends::send(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size,
                      uint8_t first) {
  ws::FramePieces frame(connection.endpoint()->role, opcode, data, size, &queue_.masks(), first);
  connection.output.addQueued(frame.left());
  if (ConnectionGuard guard(connection); guard && writesAtOnce(connection)) {
    if (pieces_.empty()) pieces_.resize(1 + kWhole / sizeof(Line));
    uint8_t* const payload = pieces_[1].bytes;  // with the header before it
    uint8_t* out = payload - frame.header();
    const size_t most = size <= kWhole ? kWhole : kPiece;
    while (frame.left() > 0 && connection.output.queue.empty()) {
      const size_t piece = frame.next(out, frame.header() + most);
      write(connection, out, piece, frame.left());
      out = payload;
    }
    connection.cell()->writeComplete = connection.output.queue.empty() && !connection.unfinished;
  }
  if (const size_t left = frame.left()) {
    connection.output.queue.commit(frame.next(connection.output.queue.reserve(left), left));
  }
  queue_.markDirty(connection);  // whoever waits for it is told at the end of the turn
}

// What the kernel does not take is queued, with room for as much as will follow it.
void LargeSends::write(Connection& connection, const uint8_t* data, size_t size, size_t following) {
  while (size > 0) {
    const IoResult result = transmit(connection.fd(), connection.ssl(), data, size);
    if (result.status != IoResult::Status::done) {
      // Told by Writer::flush(): here whoever sends would be told of an end before send() is over.
      if (result.status != IoResult::Status::again) connection.output.fail(result);
      connection.output.queue.reserve(size + following);
      return connection.output.queue.append(data, size);
    }
    note(connection, Flight::written, static_cast<uint32_t>(result.bytes),
         static_cast<uint32_t>(size));
    connection.output.addFlushed(result.bytes);
    figures_.countWritten(connection, result.bytes);
    data += result.bytes;
    size -= result.bytes;
  }
}

}  // namespace lwspool
