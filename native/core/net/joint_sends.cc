#include "joint_sends.h"

#include "connection_guard.h"

namespace lwspool {

void JointSends::send(std::span<Connection* const> dirty) {
  const size_t most = polls_.poller().sendsTogether();
  if (most == 0) return;
  for (size_t at = 0; at < dirty.size();) {
    for (; at < dirty.size() && sends_.size() < most; at++) prepare(*dirty[at]);
    if (sends_.size() > 1) polls_.poller().send(sends_);
    for (size_t i = 0; i < senders_.size(); i++) {
      Connection& connection = *senders_[i];
      const IoResult& result = sends_[i].result;
      if (result.status == IoResult::Status::done) {
        connection.output.consume(result.bytes);
        if (result.bytes > 0) figures_.countWritten(connection, result.bytes);
      } else if (result.status == IoResult::Status::again) {
        connection.output.noteFull();
      } else {
        connection.output.fail(result);
      }
    }
    sends_.clear();
    senders_.clear();
  }
}

void JointSends::prepare(Connection& connection) {
  if (!connection.established() || connection.ssl() != nullptr || connection.output.failure())
    return;
  ConnectionGuard guard(connection);
  const size_t size = guard ? LeaseRequests::writable(connection) : 0;
  if (size == 0) return;
  // Until Writer::flush(): the right stays here while bytes are on their way.
  connection.cell()->writeComplete = false;
  sends_.push_back({connection.fd(), connection.output.queue.front(), size});
  senders_.push_back(&connection);
}

}  // namespace lwspool
