#include "endings.h"

#include <memory>
#include <mutex>
#include <utility>

#include "flight_note.h"

namespace lwspool {

void Endings::failed(Connection& connection) {
  const std::unique_ptr<Opening> opening = std::move(connection.opening);
  connection.release();
  flights_.end(connection, opening->error);
  connection.owner()->failed(connection, opening->error);
  if (connection.sink() != connection.owner()) {
    connection.sink()->failed(connection, opening->error);
  }
  turn_.host.wake();
}

void Endings::destroyed(Connection& connection) {
  {
    std::lock_guard lock(connection.cell()->mutex);
    if (connection.cell()->ownership == Ownership::detached) {
      connection.cell()->ownership = Ownership::nobody;
      const auto& holding = connection.cell()->holding;
      if (holding && holding->departure) holding->departure->tell();
    }
  }
  connection.release();
  connection.setWsi(nullptr);
  connection.output.queue.clear();
  connection.ledger()->pending.store(0, std::memory_order_relaxed);
  CloseInfo& info = connection.ending.info();
  note(connection, Flight::closed, info.code);
  flights_.end(connection, info.error);
  // The handler first: once the owner knows, the slot may be taken again.
  if (!connection.wasOpen()) {  // its request was never answered; nobody but its owner knows of it
    connection.owner()->failed(connection, info.error);
  } else {
    figures_.countClosed(info.code);
    if (connection.sink() != connection.owner()) {
      connection.sink()->closed(connection, info.code, info.reason, info.error);
    }
    connection.owner()->closed(connection, info.code, info.reason, info.error);
  }
  connection.forget();
  turn_.host.wake();
}

}  // namespace lwspool
