// Sends of several connections with one call, where the poller can do that: see Poller::send().
#include "connection_guard.h"
#include "service.h"

namespace lwspool {

// Before those that are to be flushed are: flush() then finds little or nothing to write, and does
// all else for each in its turn.
void Service::sendTogether() {
  const size_t most = poller_->sendsTogether();
  if (most == 0) return;
  for (size_t at = 0; at < flushing_.size();) {
    for (; at < flushing_.size() && sends_.size() < most; at++) prepareSend(*flushing_[at]);
    if (sends_.size() > 1) poller_->send(sends_);
    for (size_t i = 0; i < senders_.size(); i++) {
      Connection& connection = *senders_[i];
      const IoResult& result = sends_[i].result;
      if (result.status == IoResult::Status::done) {
        connection.flushedBytes += result.bytes;
        connection.out.consume(result.bytes);
        if (result.bytes > 0) countWritten(connection, result.bytes);
      } else if (result.status == IoResult::Status::again) {
        connection.full = true;
      } else {
        connection.failedWrite = result.error;
      }
    }
    sends_.clear();
    senders_.clear();
  }
}

void Service::prepareSend(Connection& connection) {
  if (!connection.established() || connection.ssl != nullptr || connection.failedWrite) return;
  ConnectionGuard guard(connection);
  const size_t size = guard ? writable(connection) : 0;
  if (size == 0) return;
  // Until flush(): the right stays here while bytes are on their way.
  connection.cell->writeComplete = false;
  sends_.push_back({connection.fd, connection.out.front(), size});
  senders_.push_back(&connection);
}

}  // namespace lwspool
