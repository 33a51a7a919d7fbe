#include "holding.h"

#include <cerrno>

#include "../bio/chain.h"
#include "../ws/frame_decoder_feed.h"

namespace lwspool {

namespace {

std::string leftoverOf(const ws::FrameDecoder* decoder) {
  if (decoder == nullptr || decoder->betweenFrames()) return {};
  std::string bytes(decoder->leftoverSize(), '\0');
  decoder->copyLeftover(reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

// Of the bytes that the holder has read, only the ends of frames matter here, and a close frame.
struct Discard {
  Verdict& verdict;
  bool& messageEnded;

  void message(ws::Opcode, const uint8_t*, size_t) { messageEnded = true; }
  void message(ws::Opcode, ws::Bytes&&) { messageEnded = true; }
  void ping(const uint8_t*, size_t) {}
  void pong(const uint8_t*, size_t) {}
  void close(uint16_t code, const uint8_t* reason, size_t size) {
    verdict.closeReceived = true;
    verdict.closeCode = code;
    verdict.closeReason.assign(reinterpret_cast<const char*>(reason), size);
  }
};

}  // namespace

Holding::Holding(const Stream& stream)
    : stream_(stream),
      leftover_(leftoverOf(stream.decoder)),
      messageEnded_(stream.decoder == nullptr || !stream.decoder->midMessage()) {}

void Holding::hasRead(uint8_t* data, size_t size) {
  read_ = true;
  if (stream_.decoder == nullptr) return;
  Discard sink{verdict_, messageEnded_};
  // Frames of a server are not masked, so nothing is changed in the holder's memory.
  if (const ws::Failure* failure = stream_.decoder->feed(data, size, sink)) {
    verdict_.failure = failure;
  }
}

void Holding::hasWritten(const uint8_t* data, size_t size) {
  if (stream_.decoder == nullptr) return;
  written_.feed(data, size, stream_.decoder->extension() != nullptr);
}

void Holding::hasReadSocket(uint8_t* data, size_t size) {
  if (carries()) return carried({size, 0});
  seen({size, 0});
  if (stream_.ssl != nullptr) return taint("bytes were read below TLS");
  hasRead(data, size);
}

void Holding::hasWrittenSocket(const uint8_t* data, size_t size) {
  if (carries()) return carried({0, size});
  seen({0, size});
  if (stream_.ssl != nullptr) return taint("bytes were written below TLS");
  hasWritten(data, size);
}

// A memory BIO is in the place of the socket, whose bytes the holder moves himself.
bool Holding::carries() const {
  const bio::Chain* const chain = bio::Chain::of(stream_.ssl);
  return chain != nullptr && chain->detached();
}

void Holding::taint(const char* why) {
  if (verdict_.taint == nullptr) verdict_.taint = why;
}

void Holding::lost(const char* syscall, int error, const char* reason) {
  // After a FIN of its own, a write that fails says nothing of the peer.
  if (verdict_.error != 0 || (error == EPIPE && finSent_)) return;
  verdict_.syscall = syscall;
  verdict_.error = error;
  verdict_.reason = reason;
}

void Holding::expose() {
  if (exposed()) return;
  before_ = countSocket(stream_.fd);
  if (stream_.ssl == nullptr) return;
  // What OpenSSL has moved so far, as the point from which it is compared.
  const SocketCounts tls = countTls(stream_.ssl);
  seen_ = {0 - tls.read, 0 - tls.written, tls.known};
}

void Holding::carried(SocketCounts moved) {
  if (!exposed()) return;
  seen_.read += moved.read;
  seen_.written += moved.written;
}

void Holding::seen(SocketCounts moved) {
  if (!exposed() || stream_.ssl != nullptr) return;
  seen_.read += moved.read;
  seen_.written += moved.written;
}

// Over TLS all that may pass the socket is what OpenSSL has put there; what it has taken out of it
// must not have gone past it. On a plain connection nothing may pass that we have not seen.
const char* Holding::unseenBytes() const {
  if (!exposed() || !before_->known || boundaryConfirmed_) return nullptr;
  const SocketCounts now = countSocket(stream_.fd);
  if (!now.known) return nullptr;
  SocketCounts seen = seen_;
  if (stream_.ssl != nullptr) {
    const SocketCounts tls = countTls(stream_.ssl);
    if (!tls.known || !seen.known) return nullptr;
    seen = {seen_.read + tls.read, seen_.written + tls.written, true};
  } else if (stream_.decoder == nullptr) {
    return nullptr;  // a raw connection has no frames that could be broken
  }
  if (now.read - before_->read != seen.read) return "bytes were read past the lease";
  if (now.written - before_->written != seen.written) return "bytes were written past the lease";
  return nullptr;
}

// Of what passed without us, or was encoded by the holder. What comes in through us the decoder has
// seen.
void Holding::judgeEncoding() {
  ws::Extension* const extension =
      stream_.decoder != nullptr ? stream_.decoder->extension() : nullptr;
  if (extension == nullptr) return;
  bool wrote = written_.encoded() || (boundaryConfirmed_ && !exposed());
  bool read = boundaryConfirmed_ && !exposed();
  if (exposed()) {
    const SocketCounts now = countSocket(stream_.fd);
    if (!before_->known || !now.known) {
      read = boundaryConfirmed_;
      wrote = true;
    } else if (stream_.ssl == nullptr) {
      read = now.read - before_->read != seen_.read;
      wrote = wrote || now.written - before_->written != seen_.written;
    } else {
      // What OpenSSL has moved was moved through us, or by whoever has its pointer.
      read = now.read != before_->read && (boundaryConfirmed_ || !read_);
      wrote = wrote || now.written != before_->written;
    }
  }
  verdict_.sentVoid = wrote;
  if (read && !uncompressed_) extension->voidReceived();
}

Verdict Holding::judge() {
  judgeEncoding();
  if (writePending_) taint("a TLS write was left unfinished");
  if (verdict_.failure == nullptr && stream_.decoder != nullptr) {
    const ws::FrameDecoder& decoder = *stream_.decoder;
    if (read_ && !decoder.betweenFrames()) taint("a frame was read in part");
    if (read_ && decoder.midMessage() && messageEnded_) taint("a message was read in part");
  }
  if (!written_.whole()) taint("what was written is not whole frames of a client");
  if (const char* unseen = unseenBytes()) taint(unseen);
  verdict_.closeSent = written_.closeSent();
  verdict_.finSent = finSent_;
  return std::move(verdict_);
}

}  // namespace lwspool
