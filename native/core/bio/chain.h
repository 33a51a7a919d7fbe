// The BIOs of ours on one SSL object. OpenSSL links them itself (BIO_push(3)); this is what they
// have in common. Whoever has the right to use the SSL object calls.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../base/fields.h"
#include "../base/out_buffer.h"
#include "layer.h"

namespace lwspool::bio {

// Why a BIO could not be pushed or popped; null: it was.
using Refused = const char*;

class Chain {
 public:
  // Null: there never was a BIO of ours on it.
  static Chain* of(const SSL*);
  // Puts a BIO on top of the chain, next to OpenSSL, for reading and for writing.
  static Refused push(SSL*, std::shared_ptr<Layer>);
  // Takes the top one off, and answers it; what it has kept is sent on before.
  static Refused pop(SSL*, std::shared_ptr<Layer>& out);
  // Takes all of them off, whatever they keep.
  static void clear(SSL*);

  Chain() = default;
  // The SSL object goes.
  void abandoned() { ssl_ = nullptr; }
  ~Chain();
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  // From the socket upwards.
  const std::vector<std::shared_ptr<Layer>>& layers() const { return layers_; }
  bool bound() const;
  bool detached() const;
  bool looksOn() const;
  // A handshake has begun, or is about to, and is not done.
  bool handshaking() const;
  size_t kept() const;
  size_t unread() const;

  // The worker writes: what coalesces may keep bytes until flush().
  void gather(bool on) { gathering_ = on; }
  bool gathering() const { return gathering_; }
  // Has all layers send on what they keep, from the top. `again`: the kernel takes no more now.
  IoResult flush(SSL*);

  // The last call came to nothing although the descriptor had not been asked: whoever waited for
  // that would be told at once that it is ready. So many calls of that direction in a row did; 0:
  // the descriptor can be waited for.
  uint32_t ownRetries() const { return last_ != nullptr ? *last_ : 0; }
  // How long a layer wants to be left alone; 0: it did not say. Milliseconds.
  uint32_t retryAfter() const { return retryAfter_; }
  void retryAfter(uint32_t milliseconds) { retryAfter_ = milliseconds; }
  // For how long to wait after one of them; says so to the user once there were many. Milliseconds.
  uint32_t nextDelay();
  // While libwebsockets has the connection: what a layer does not take now is kept here, since
  // libwebsockets takes a request for sent that was not: flush().
  bool opening = false;
  // Whether there was such a retry meanwhile, since this was asked last.
  bool takePutOff() { return std::exchange(putOff_, false); }

  // A layer may have taken more from below than it has given out, and nobody but itself knows.
  bool readsAhead() const;

  // Why a layer ended the connection.
  ErrorInfo fault;
  // What the user is to be told once, as a warning: name and text.
  struct Notice {
    const char* code;
    std::string text;
  };
  void notice(const char* code, std::string text);
  bool hasNotices() const { return !notices_.empty(); }
  std::vector<Notice> takeNotices();

 private:
  friend class Below;
  friend struct Method;

  // What the SSL object holds; null: nothing.
  static std::shared_ptr<Chain>* reference(const SSL*);
  // It is the SSL object's from now on, which frees it. False: it did not take it.
  static bool attach(SSL*, std::shared_ptr<Chain>*);

  // What each call looks at lies together.
  const SSL* ssl_ = nullptr;  // whose chain it is; null: it is gone
  std::vector<std::shared_ptr<Layer>> layers_;
  OutBuffer queue_;  // in front of all layers
  uint32_t depth_ = 0;
  bool asked_ = false;  // the descriptor had nothing
  bool moved_ = false;  // or something
  bool gathering_ = false;
  bool putOff_ = false;
  uint32_t readRetries_ = 0;
  uint32_t writeRetries_ = 0;
  const uint32_t* last_ = nullptr;  // of the two; null: the last call was no such retry
  uint32_t retryAfter_ = 0;
  const Layer* culprit_ = nullptr;  // of the last own retry; only to be named
  std::vector<Notice> notices_;
  std::vector<const char*> told_;  // codes of those so far
};

// Bytes that BIOs of ours have taken to be sent, and keep.
size_t keptBy(const SSL*);

// Why a BIO of ours has broken the connection; null: none has.
const ErrorInfo* faultOf(const SSL*);

// Not a byte of a record has been read but its whole: the next one begins with the next byte.
bool atBoundary(const SSL*);

// The socket BIO at the end of the chain; null: there is none.
BIO* socketBio(const SSL*);

}  // namespace lwspool::bio
