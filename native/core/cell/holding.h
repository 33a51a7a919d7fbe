// What the holder of an exclusive lease does with the stream, and what follows from it when the
// connection is given back. Any thread, under the lock of the LeaseCell.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "../ws/failure.h"
#include "../ws/frame_decoder.h"
#include "departure.h"
#include "frame_cursor.h"
#include "socket_counts.h"

namespace lwspool {

// What the worker has to do about a connection that comes back.
struct Verdict {
  // Why the stream is broken: the connection is closed with ERR_LEASE_TAINTED. Null: it is not.
  const char* taint = nullptr;
  const ws::Failure* failure = nullptr;  // the peer's, found in what the holder read
  bool closeReceived = false;            // a close frame was in what the holder read
  uint16_t closeCode = 0;
  std::string closeReason;
  bool closeSent = false;         // or in what it wrote
  bool finSent = false;           // raw: it ended our side
  bool sentVoid = false;          // see LeaseCell::sentVoid
  const char* syscall = nullptr;  // what told it that the connection is lost
  int error = 0;                  // errno: the kernel says it once, so only it knows
  const char* reason = nullptr;   // with it: why TLS failed, see IoResult

  // The connection does not go on.
  bool ends() const {
    return taint != nullptr || failure != nullptr || closeReceived || closeSent || error != 0;
  }
  bool clean() const {
    return taint == nullptr && failure == nullptr && !closeReceived && !closeSent && !finSent &&
           error == 0;
  }
};

// The stream of a connection as its lease found it and leaves it.
struct Stream {
  int fd;
  SSL* ssl;
  ws::FrameDecoder* decoder;  // null: raw
};

class Holding {
 public:
  explicit Holding(const Stream&);

  // What the codec had of an unfinished frame when the lease began.
  const std::string& leftover() const { return leftover_; }

  // The holder has read these bytes of the socket itself, or written them: below TLS, that is its
  // end.
  void hasReadSocket(uint8_t* data, size_t size);
  void hasWrittenSocket(const uint8_t* data, size_t size);
  // The holder has read these bytes of the stream (after TLS, where there is some), or written.
  void hasRead(uint8_t* data, size_t size);
  void hasWritten(const uint8_t* data, size_t size);
  // A write of TLS has to be repeated before anything else is written.
  void writePending(bool pending) {
    writePending_ = pending;
    keysPending_ = false;
  }
  bool writePending() const { return writePending_; }
  // The same, and what is written is a KeyUpdate.
  void keysPending(bool pending) { writePending_ = keysPending_ = pending; }
  bool keysPending() const { return keysPending_; }
  // The holder shut something down, or moved bytes below TLS.
  void taint(const char* why);
  void finSent() { finSent_ = true; }
  // The kernel has said that the connection is lost.
  void lost(const char* syscall, int error, const char* reason = nullptr);

  // The holder gets a descriptor or a pointer with which it can do what nobody here sees. From now
  // on the kernel's counts are compared with ours.
  void expose();
  // So many bytes of the socket were moved for a BIO that stands in its place.
  void carried(SocketCounts moved);
  // So many bytes of the socket were moved by us.
  void seen(SocketCounts moved);
  // The holder says that what it moved by itself left both streams between two frames.
  // Uncompressed: and that none of what it read was a message with RSV1 set.
  void confirmFrameBoundary(bool uncompressed) {
    boundaryConfirmed_ = true;
    uncompressed_ = uncompressed_ || uncompressed;
  }
  bool exposed() const { return before_.has_value(); }

  Verdict judge();

  // Of a detached connection whose SSL object libwebsockets still has; null: there is none.
  std::shared_ptr<Departure> departure;

 private:
  bool carries() const;
  void judgeEncoding();
  const char* unseenBytes() const;

  const Stream stream_;
  const std::string leftover_;
  bool messageEnded_;  // or there was none: one that has begun since, the holder has begun to read
  bool read_ = false;
  bool writePending_ = false;
  bool keysPending_ = false;
  bool finSent_ = false;
  bool boundaryConfirmed_ = false;
  bool uncompressed_ = false;
  FrameCursor written_;
  std::optional<SocketCounts> before_;
  SocketCounts seen_;
  Verdict verdict_;
};

}  // namespace lwspool
