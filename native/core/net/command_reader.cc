#include "command_reader.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "../ws/close_code.h"
#include "flight_note.h"

namespace lwspool {

namespace {

// What a timer in JavaScript can wait for. Milliseconds.
constexpr double kLongestHold = 2'147'483'647;

}  // namespace

CommandReader::CommandReader(const Turn& turn, ConnectionTable& table, const Sinks& sinks,
                             ServiceFigures& figures, SendQueue& queue, LeaseRequests& requests,
                             Backpressure& pressure, Closer& closer, Reader& reader, Writer& writer)
    : turn_(turn),
      table_(table),
      sinks_(sinks),
      figures_(figures),
      queue_(queue),
      requests_(requests),
      pressure_(pressure),
      closer_(closer),
      reader_(reader),
      writer_(writer) {}

void CommandReader::apply(const uint8_t* records, size_t size, Source source) {
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

void CommandReader::apply(const Record& record, const uint8_t* payload, Source source) {
  const auto command = static_cast<Command>(record.type);
  const std::string_view text(reinterpret_cast<const char*>(payload), record.length);
  if (command == Command::broadcast) {
    sinks_.handler().broadcast(record.aux, record.flags, payload, record.length);
    return;
  }
  Connection* found = table_.find({record.slot, record.generation});
  if (found == nullptr) {
    if (command == Command::send) sentTooLate(record);
    return;
  }
  Connection& connection = *found;
  switch (command) {
    case Command::send: {
      closer_.whileMemoryLasts(connection, [&] {
        writer_.send(connection,
                     (record.flags & flag::binary) != 0 ? ws::Opcode::binary : ws::Opcode::text,
                     payload, record.length, (record.flags & flag::plain) == 0);
      });
      accept(connection, source, record.length);
      break;
    }
    case Command::fragment:
      closer_.whileMemoryLasts(connection, [&] {
        const Fragment fragment{
            (record.flags & flag::binary) != 0 ? ws::Opcode::binary : ws::Opcode::text,
            (record.flags & flag::first) != 0, (record.flags & flag::last) != 0,
            (record.flags & flag::plain) == 0, source};
        writer_.sendFragment(connection, fragment, payload, record.length);
      });
      accept(connection, source, record.length);
      break;
    case Command::ping:
      if (record.length <= ws::kMaxControlPayload && connection.sends() &&
          connection.kind() == Kind::ws) {
        queue_.sendFrame(connection, ws::Opcode::ping, payload, record.length);
        note(connection, Flight::pingSent, record.length);
        figures_.countPing(connection, payload, record.length);
      }
      break;
    case Command::close:
      closer_.close(connection, static_cast<uint16_t>(record.aux), text);
      break;
    case Command::terminate:
      closer_.terminate(connection);
      break;
    case Command::pause:
    case Command::resume:
      reader_.pause(connection, command == Command::pause);
      break;
    case Command::mark:
      writer_.mark(connection, record.aux, sinks_.of(source), (record.flags & flag::within) != 0);
      break;
    case Command::end:
      closer_.end(connection);
      break;
    case Command::fail: {
      ErrorInfo error{"ERR_HANDLER_FAILED", Fields::decode(text)};
      closer_.fail(connection, ws::close_code::internalError, std::move(error));
      break;
    }
    case Command::lease: {
      double maxHold = 0;
      if (record.length == sizeof maxHold) std::memcpy(&maxHold, payload, sizeof maxHold);
      requestLease(connection,
                   {record.aux, source, (record.flags & flag::exclusive) != 0,
                    (record.flags & flag::frame) != 0,
                    maxHold > 0 ? static_cast<uint64_t>(std::min(maxHold, kLongestHold)) : 0});
      break;
    }
    case Command::cancelLease:
      requests_.cancel(connection, record.aux, source);
      break;
    case Command::taken:
      pressure_.reconsider(connection);
      break;
    case Command::broadcast:
      break;
  }
  if (isOutput(command)) writer_.noteOutput(connection, source);
}

// What is to be sent has left the commands: whoever asks in this turn has to see it in one of the
// two.
void CommandReader::accept(Connection& connection, Source source, uint32_t size) {
  LedgerEntry& ledger = *connection.ledger();
  ledger.pending.store(static_cast<double>(connection.waiting()), std::memory_order_release);
  auto& accepted = source == Source::main ? ledger.acceptedMain : ledger.acceptedHandler;
  accepted.store(accepted.load(std::memory_order_relaxed) + size, std::memory_order_release);
}

// Whoever asks has not heard yet that it is over.
void CommandReader::sentTooLate(const Record& record) {
  Connection* const last = table_.lastOf(record.slot);
  if (last != nullptr && last->id.generation == record.generation) figures_.countUnsent(*last);
}

// What was sent before the request leaves before the lease begins. Both at once, and not when the
// turn has come to this connection: whoever waits need not wait for all the others.
void CommandReader::requestLease(Connection& connection, const LeaseRequest& request) {
  if (!requests_.add(connection, request)) return;
  writer_.flush(connection);
  if (turn_.channel.events.publish()) turn_.channel.wakeMain();
}

}  // namespace lwspool
