// What came of a read or a write, of a socket or of something that stands in front of one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lwspool {

struct IoResult {
  enum class Status : uint8_t {
    done,       // `bytes` moved
    again,      // nothing moved: the kernel will say when to try again
    ended,      // the peer will send nothing more: FIN, with close_notify where there is TLS
    truncated,  // TLS: FIN without close_notify
    broken      // `error` says how
  };
  Status status;
  size_t bytes = 0;
  int error = 0;  // errno; EPROTO: TLS failed
  // Of receive(): the kernel had less than it was asked for, and no BIO may hold what it gave.
  // False where that cannot be told.
  bool drained = false;
  // Of receive(): it is to be called again although no poller will tell. `again`: it read its share
  // of a turn, all of it messages of TLS itself. `done`: OpenSSL has the end already.
  bool more = false;
  // TLS failed: why, in OpenSSL's words, which live as long as the program; null: it did not say.
  const char* reason = nullptr;
};

// How the peer has ended the connection, for people; null: `error` says it alone.
inline const char* endingOf(const IoResult& result) {
  switch (result.status) {
    case IoResult::Status::ended:
      return "the peer ended it";
    case IoResult::Status::truncated:
      return "the peer ended TCP without ending TLS";
    default:
      return result.reason;
  }
}

}  // namespace lwspool
