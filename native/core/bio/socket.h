// The end of a connection's BIOs: the socket itself. It takes the place of the socket BIO that
// libwebsockets has made, since that one reads as much as OpenSSL asks for, and waits where
// somebody has made the descriptor wait. Whoever has the right to use the SSL object calls, on that
// thread.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>

#include "../base/fields.h"

namespace lwspool::bio {

class Socket {
 public:
  // OpenSSL stays within one call for as long as the peer sends nothing but messages of TLS itself
  // (session tickets, new keys, requests to renegotiate): after so many bytes without data there
  // seems to be nothing more, and the rest is for another turn.
  static constexpr size_t kPerTurn = 64 * 1024;
  // What such a message costs, in bytes of data that cost as much.
  static constexpr size_t kPerMessage = 1024;
  // So many of them within that time, with no data between them, are an attack: servers send a
  // handful of tickets, and new keys now and then. Milliseconds.
  static constexpr uint32_t kMostMessages = 64;
  static constexpr uint64_t kWindow = 10'000;
  // For code that calls OpenSSL by itself.
  static constexpr size_t kUnbounded = SIZE_MAX;

  // Takes the place of the BIO that has the descriptor, and has OpenSSL come back behind each
  // message of its own; within the handshake it may read kPerTurn in each call. False: OpenSSL has
  // no memory, or no number for another kind of BIO.
  static bool place(SSL*);
  // Null: libwebsockets' own is there, or none at all.
  static Socket* of(const SSL*);
  // OpenSSL's info callback: nothing calls it for data.
  static void note(const SSL*, int where);

  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // So many bytes may be read from now on.
  void grant(size_t bytes) {
    left_ = bytes;
    spent_ = false;
  }
  // More was asked for than was granted: the kernel may have it, and no poller tells of that.
  bool spent() const { return spent_; }
  bool exhausted() const { return left_ == 0; }
  // When it was read last, the kernel had less than it was asked for.
  bool drained() const { return drained_; }
  // Since asking() it has said once that nothing can be read now.
  void asking() { refused_ = false; }
  bool refused() const { return refused_; }
  // Among what was read there were so many bytes of data, which cost nothing.
  void dataCame(size_t bytes) {
    messages_ = 0;
    if (left_ != kUnbounded) left_ += bytes;
  }
  // Why the connection has to end; null: it has not to.
  const ErrorInfo* fault() const;

  // For the length of one read of ours: it is granted, and messages are counted.
  class Reading {
   public:
    explicit Reading(Socket* socket) : socket_(socket) {
      if (socket_ == nullptr) return;
      socket_->grant(kPerTurn);
      socket_->drained_ = false;
      socket_->counting_ = true;
    }
    ~Reading() {
      if (socket_ != nullptr) socket_->counting_ = false;
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    Socket* const socket_;
  };

 private:
  friend struct SocketMethod;
  explicit Socket(int fd) : fd_(fd) {}
  void count(SSL*);

  const int fd_;
  uint32_t messages_ = 0;  // of TLS itself, since data came or since began_
  size_t left_ = kPerTurn;
  uint64_t began_ = 0;  // ms, monotonicNow()
  bool spent_ = false;
  bool drained_ = false;
  bool refused_ = false;
  bool counting_ = false;
  bool ended_ = false;  // the last read was the end
  bool flooded_ = false;
};

}  // namespace lwspool::bio
