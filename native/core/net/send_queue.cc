#include "send_queue.h"

#include "../ws/close_code.h"
#include "../ws/frame_encoder.h"
#include "flight_note.h"

namespace lwspool {

void SendQueue::markDirty(Connection& connection) {
  if (connection.dirty) return;
  dirty_.push_back(&connection);
  connection.dirty = true;
}

void SendQueue::sendFrame(Connection& connection, ws::Opcode opcode, const uint8_t* data,
                          size_t size) {
  const ws::Role role = connection.endpoint->role;
  const size_t room = ws::frameSize(role, size);
  connection.out.commit(
      ws::writeFrame(connection.out.reserve(room), role, opcode, data, size, &masks_));
  connection.queuedBytes += room;
  markDirty(connection);
}

void SendQueue::sendPong(Connection& connection, const uint8_t* data, size_t size) {
  sendFrame(connection, ws::Opcode::pong, data, size);
  note(connection, Flight::pongSent, static_cast<uint32_t>(size));
  connection.pongPosition = connection.queuedBytes;
}

void SendQueue::sendClose(Connection& connection, uint16_t code, std::string_view reason) {
  if (!ws::maySendClose(code, reason)) {
    code = ws::close_code::noStatus;
    reason = {};
  }
  connection.out.commit(ws::writeClose(connection.out.reserve(ws::kMaxControlFrame),
                                       connection.endpoint->role, code, reason, &masks_));
  connection.queuedBytes = connection.flushedBytes + connection.out.size();
  connection.closeSent = true;
  note(connection, Flight::closeSent, code);
  markDirty(connection);
}

}  // namespace lwspool
