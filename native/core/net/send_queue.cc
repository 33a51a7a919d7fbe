#include "send_queue.h"

#include "../ws/close_code.h"
#include "../ws/frame_encoder.h"
#include "flight_note.h"

namespace lwspool {

void SendQueue::markDirty(Connection& connection) {
  if (connection.output.dirty()) return;
  dirty_.push_back(&connection);
  connection.output.setDirty(true);
}

void SendQueue::sendFrame(Connection& connection, ws::Opcode opcode, const uint8_t* data,
                          size_t size, uint8_t first) {
  const ws::Role role = connection.endpoint()->role;
  const size_t room = ws::frameSize(role, size);
  connection.output.queue.commit(ws::writeFrame(connection.output.queue.reserve(room), role, opcode,
                                                data, size, &masks_, (first & ws::kFin) != 0,
                                                first & ws::kRsv1));
  connection.output.addQueued(room);
  markDirty(connection);
}

void SendQueue::sendPong(Connection& connection, const uint8_t* data, size_t size) {
  sendFrame(connection, ws::Opcode::pong, data, size);
  note(connection, Flight::pongSent, static_cast<uint32_t>(size));
  connection.output.notePong();
}

void SendQueue::sendClose(Connection& connection, uint16_t code, std::string_view reason) {
  if (!ws::maySendClose(code, reason)) {
    code = ws::close_code::noStatus;
    reason = {};
  }
  connection.output.queue.commit(
      ws::writeClose(connection.output.queue.reserve(ws::kMaxControlFrame),
                     connection.endpoint()->role, code, reason, &masks_));
  connection.output.recount();
  connection.ending.noteSent();
  note(connection, Flight::closeSent, code);
  markDirty(connection);
}

}  // namespace lwspool
