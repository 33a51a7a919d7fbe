// What other threads and the worker's own JavaScript ask for.
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <variant>

#include "../ws/close_code.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

namespace {

// What a timer in JavaScript can wait for. Milliseconds.
constexpr double kLongestHold = 2'147'483'647;

}  // namespace

void Service::takeCommands() {
  for (Item& item : channel_.take()) {
    if (auto* commands = std::get_if<Commands>(&item)) {
      if (SlabRef slab = channel_.outbox.slab(commands->slab)) {
        apply(slab->data(), std::min<size_t>(commands->length, slab->size()), Source::main);
        channel_.outbox.recycle(commands->slab);
      }
    } else if (auto* large = std::get_if<LargeCommand>(&item)) {
      apply(large->record, large->payload.data(), Source::main);
    } else if (auto* news = std::get_if<LeaseNews>(&item)) {
      leaseNews(news->id);
    } else if (auto* late = std::get_if<LeaseReturn>(&item)) {
      leaseReturn(*late);
    } else if (auto* clock = std::get_if<LeaseClock>(&item)) {
      const Connection* connection = find(clock->id);
      if (connection != nullptr && connection->established()) {
        leaseTimers_.hasten(clock->expiresAt, clock->id);
      }
    } else {
      connect(std::move(std::get<ConnectCommand>(item)));
    }
  }
  resumeStalled();
}

void Service::apply(const uint8_t* records, size_t size, Source source) {
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

void Service::apply(const Record& record, const uint8_t* payload, Source source) {
  const auto command = static_cast<Command>(record.type);
  const std::string_view text(reinterpret_cast<const char*>(payload), record.length);
  if (command == Command::broadcast) {
    handler_->broadcast(record.aux, (record.flags & flag::binary) != 0, payload, record.length);
    return;
  }
  Connection* found = find({record.slot, record.generation});
  if (found == nullptr) {
    if (command == Command::send) sentTooLate(record);
    return;
  }
  Connection& connection = *found;
  switch (command) {
    case Command::send: {
      whileMemoryLasts(connection, [&] {
        send(connection, (record.flags & flag::binary) != 0 ? ws::Opcode::binary : ws::Opcode::text,
             payload, record.length);
      });
      // Until it is written: whoever asks in this turn has to see it in one of the two.
      connection.ledger->pending.store(static_cast<double>(connection.out.size()),
                                       std::memory_order_release);
      auto& accepted = source == Source::main ? connection.ledger->acceptedMain
                                              : connection.ledger->acceptedHandler;
      accepted.store(accepted.load(std::memory_order_relaxed) + record.length,
                     std::memory_order_release);
      break;
    }
    case Command::ping:
      if (record.length <= ws::kMaxControlPayload && connection.sends() &&
          connection.kind() == Kind::ws) {
        sendFrame(connection, ws::Opcode::ping, payload, record.length);
        note(connection, Flight::pingSent, record.length);
        countPing(connection, payload, record.length);
      }
      break;
    case Command::close:
      close(connection, static_cast<uint16_t>(record.aux), text);
      break;
    case Command::terminate:
      terminate(connection);
      break;
    case Command::pause:
    case Command::resume:
      pause(connection, command == Command::pause);
      break;
    case Command::mark:
      mark(connection, record.aux, source == Source::main ? *main_ : *handler_);
      break;
    case Command::end:
      end(connection);
      break;
    case Command::fail: {
      ErrorInfo error{"ERR_HANDLER_FAILED", Fields::decode(text)};
      fail(connection, ws::close_code::internalError, std::move(error));
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
      cancelRequest(connection, record.aux, source);
      break;
    case Command::taken:
      reconsider(connection);
      break;
    case Command::broadcast:
      break;
  }
  if (isOutput(command)) noteOutput(connection, source);
}

// Whoever asks has not heard yet that it is over.
void Service::sentTooLate(const Record& record) {
  if (record.slot >= connections_.size()) return;
  Connection& connection = connections_[record.slot];
  if (connection.id.generation == record.generation) countUnsent(connection);
}

}  // namespace lwspool
