// Both ends of a connection: pairs of sockets, TLS over them, and a peer that speaks WebSocket.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "../../native/core/bio/socket.h"
#include "../../native/core/ws/frame_decoder_feed.h"
#include "ws_frames.h"

namespace lwspool::test {

struct SocketPair {
  int ours;
  int theirs;
};

SocketPair unixPair();

// Over loopback TCP, which alone knows resets and half-closed ends as the network has them.
SocketPair tcpPair(int bufferSize = 0);

// The other end, driven by the test: it never waits.
class Peer {
 public:
  Peer(int fd, ws::Role role) : fd_(fd), role_(role), decoder_({role, 64 << 20, nullptr}) {}
  ~Peer() { end(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  Events events;         // frames that came
  std::string received;  // bytes that came, where `raw` is set
  bool raw = false;
  bool reads = true;
  bool sawEnd = false;  // FIN; with TLS, after a close_notify
  bool truncated = false;
  int error = 0;
  std::function<void(ws::Opcode, std::string_view)> onMessage;

  int fd() const { return fd_; }
  SSL* ssl() const { return ssl_; }
  void secured(SSL* ssl) { ssl_ = ssl; }

  // Queues the bytes and writes what goes; pump() does the rest.
  void write(std::string_view bytes);
  void write(const Octets& bytes);
  // A frame as it has to be for the other side.
  void frame(const Frame& frame);
  void text(std::string_view payload) { frame({0x81, std::string(payload)}); }
  size_t unwritten() const { return out_.size() - written_; }

  void pump();
  void decode(std::string_view bytes);

  void halfClose();
  // FIN, or a reset where bytes were left unread.
  void end();
  // TCP only.
  void reset();

 private:
  struct PeerSink {
    Peer& peer;
    void message(Opcode opcode, const uint8_t* data, size_t size) {
      if (peer.onMessage) {
        return peer.onMessage(opcode, {reinterpret_cast<const char*>(data), size});
      }
      const std::string name = opcode == Opcode::text ? "text " : "binary ";
      peer.events.push_back(name +
                            (size <= 200 ? toString(data, size) : std::to_string(size) + " bytes"));
    }
    void message(Opcode opcode, Bytes&& data) {
      const Bytes own = std::move(data);
      message(opcode, own.data(), own.size());
    }
    void ping(const uint8_t* data, size_t size) {
      peer.events.push_back("ping " + toString(data, size));
    }
    void pong(const uint8_t* data, size_t size) {
      peer.events.push_back("pong " + toString(data, size));
    }
    void close(uint16_t code, const uint8_t* reason, size_t size) {
      std::string text = "close " + std::to_string(code);
      if (size > 0) text += " " + toString(reason, size);
      peer.events.push_back(text);
    }
  };

  ssize_t take(char* buffer, size_t size);
  void flush();

  int fd_;
  SSL* ssl_ = nullptr;
  const ws::Role role_;
  FrameDecoder decoder_;
  std::string out_;
  size_t written_ = 0;  // of those
  bool halfClosed_ = false;
};

// A certificate of our own making, and a context for each side that uses it.
class TlsFixture {
 public:
  static TlsFixture& instance();

  SSL_CTX* client() { return client_; }
  SSL_CTX* server() { return server_; }

 private:
  TlsFixture();
  ~TlsFixture();
  // As native/core/lws/tls_context.cc sets it.
  static SSL_CTX* make(const SSL_METHOD* method);

  SSL_CTX* const client_;
  SSL_CTX* const server_;
};

// Shakes hands over a pair of sockets and returns our end; `ourRole` says which side we are.
SSL* secure(int ours, Peer& peer, ws::Role ourRole);

}  // namespace lwspool::test
