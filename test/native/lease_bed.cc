#include "lease_bed.h"

namespace lwspool::test {

uint64_t inodeOf(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

LeaseBed::~LeaseBed() = default;

LeaseBed::LeaseBed() {
  channel.onWakeWorker([this] {
    wakes++;
    host.wake();
  });
}

int64_t LeaseBed::take(ConnectionId id, bool exclusive, bool frame, uint64_t maxHold) {
  return mainLeases.take(id, exclusive, frame, maxHold);
}

Held LeaseBed::hold(ConnectionId id, bool exclusive, uint64_t maxHold) {
  const int64_t token = take(id, exclusive, false, maxHold);
  REQUIRE_GT(token, 0);
  return {{id, static_cast<uint64_t>(token)}};
}

Why LeaseBed::release(const Held& held) {
  const Why refusal = mainLeases.release(held, held.fd).refusal;
  if (held.fd >= 0) mainLeases.closeDuplicate(held.id, held.fd, held.inode);
  return refusal;
}

void LeaseBed::requestLease(ConnectionId id, uint32_t request, bool exclusive, bool frame,
                            double maxHold, Source side) {
  const std::string_view payload(reinterpret_cast<const char*>(&maxHold), sizeof maxHold);
  const int flags = (exclusive ? flag::exclusive : 0) | (frame ? flag::frame : 0);
  command(Command::lease, id, payload, request, static_cast<uint16_t>(flags), side);
}

int64_t LeaseBed::answer(ConnectionId id, uint32_t request, Source side) {
  const std::string begin = "leased " + std::to_string(request) + " ";
  for (const std::string& event : (side == Source::main ? main : handler).of(id)) {
    if (event.starts_with(begin)) return std::stoll(event.substr(begin.size()));
  }
  return 0;
}

Held LeaseBed::granted(ConnectionId id, uint32_t request) {
  REQUIRE(until([&] { return answer(id, request) != 0; }));
  REQUIRE_GT(answer(id, request), 0);
  return {{id, static_cast<uint64_t>(answer(id, request))}};
}

void LeaseBed::duplicate(Held& held) {
  REQUIRE(mainLeases.duplicate(held, held.fd, held.inode));
  CHECK_EQ(inodeOf(held.fd), held.inode);
}

std::string LeaseBed::read(const Held& held, size_t capacity) {
  std::vector<uint8_t> buffer(capacity);
  IoResult result{IoResult::Status::again};
  const bool tls = service.find(held.id)->ssl() != nullptr;
  for (int i = 0; i < 5'000 && result.status == IoResult::Status::again; i++) {
    const auto outcome = tls ? mainLeases.readTls(held, buffer.data(), capacity, result)
                             : mainLeases.readSocket(held, buffer.data(), capacity, result);
    REQUIRE(outcome);
    if (result.status == IoResult::Status::again) usleep(1000);
  }
  lastRead = result;
  return toString(buffer.data(), result.bytes);
}

std::string LeaseBed::readAll(const Held& held, size_t size) {
  std::string all;
  while (all.size() < size) {
    const std::string piece = read(held, size - all.size());
    if (piece.empty()) break;
    all += piece;
  }
  return all;
}

size_t LeaseBed::write(const Held& held, const Octets& bytes) {
  const bool tls = service.find(held.id)->ssl() != nullptr;
  IoResult result{IoResult::Status::again};
  CHECK((tls ? mainLeases.writeTls(held, bytes.data(), bytes.size(), result)
             : mainLeases.writeSocket(held, bytes.data(), bytes.size(), result)));
  lastWrite = result;
  return result.bytes;
}

std::string LeaseBed::taint(ConnectionId id) {
  if (!untilGone(id)) return "it lives";
  if (main.of(id).back() != "closed 1006 ERR_LEASE_TAINTED") return main.of(id).back();
  return std::string(main.factsOf(id).get("reason"));
}

bool LeaseBed::alive(Connection& connection) {
  static int count = 0;
  const std::string text = "still " + std::to_string(count++);
  command(Command::send, connection.id, text);
  peer(connection).text(text);
  return untilHeard(peer(connection), "text " + text) && untilEvent(connection.id, "text " + text);
}

TcpLeaseBed::TcpLeaseBed(bool tls, int bufferSize) {
  connector.tls = tls;
  connector.sockets = [bufferSize] { return tcpPair(bufferSize); };
}

}  // namespace lwspool::test
