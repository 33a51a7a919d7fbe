#include "capture.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "../base/errno_name.h"
#include "chain.h"

namespace lwspool::bio {

namespace {

// Of a handshake; a peer that says more than that in one is not waited for any longer. Bytes.
constexpr size_t kMostHeld = 256 * 1024;

uint64_t microseconds() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

int create(const std::string& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    throw std::runtime_error("the capture file " + file + " cannot be made (" + errnoName(errno) +
                             ")");
  }
  return fd;
}

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace

void tellSecret(const SSL* ssl, const char* line) {
  const Chain* const chain = Chain::of(ssl);
  if (chain == nullptr) return;
  for (const auto& layer : chain->layers()) {
    if (layer->kind() == Kind::capture) static_cast<Capture&>(*layer).secret(line);
  }
}

Capture::Capture(const std::string& file, size_t limit, int fd)
    : file_(file), limit_(limit), out_(create(file)) {
  socklen_t size = sizeof own_.address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&own_.address), &size);
  size = sizeof peer_.address;
  getpeername(fd, reinterpret_cast<sockaddr*>(&peer_.address), &size);
  held_ = pcapng::header();
  // The three packets of TCP's own, which have passed already; a byte each counts for the SYN.
  packet(true, pcapng::tcp::kSyn, {});
  own_.sequence++;
  packet(false, pcapng::tcp::kSyn | pcapng::tcp::kAck, {});
  peer_.sequence++;
  packet(true, pcapng::tcp::kAck, {});
}

Capture::Capture(const Capture& other, Figures)
    : file_(other.file_), limit_(other.limit_), bytes_(other.bytes_), stopped_(other.stopped_) {}

Capture::~Capture() {
  if (out_ < 0) return;
  packet(true, pcapng::tcp::kFin | pcapng::tcp::kAck, {});
  save(nullptr);
  if (out_ >= 0) close(out_);
}

std::shared_ptr<const Layer> Capture::copy() const {
  return std::shared_ptr<const Layer>(new Capture(*this, Figures{}));
}

void Capture::secret(const char* line) {
  if (out_ < 0) return;
  secrets_ += line;
  secrets_ += '\n';
}

void Capture::packet(bool sent, uint8_t flags, std::string_view payload) {
  const pcapng::End& from = sent ? own_ : peer_;
  const pcapng::End& to = sent ? peer_ : own_;
  held_ += pcapng::packet(pcapng::segment(from, to, flags, payload), microseconds());
}

void Capture::data(Below& below, bool sent, const uint8_t* bytes, size_t size) {
  if (out_ < 0) return;
  // What was held back, and in front of it the secrets that have come up since.
  if (!below.chain().handshaking() || held_.size() >= kMostHeld) save(&below.chain());
  std::string_view left(reinterpret_cast<const char*>(bytes), size);
  while (!left.empty() && out_ >= 0) {
    const std::string_view part = left.substr(0, pcapng::kLongestSegment);
    packet(sent, pcapng::tcp::kPush | pcapng::tcp::kAck, part);
    (sent ? own_ : peer_).sequence += static_cast<uint32_t>(part.size());
    left.remove_prefix(part.size());
  }
}

void Capture::save(Chain* chain) {
  std::string blocks;
  // A section's own block comes first in a file.
  const std::string first = bytes_ == 0 ? pcapng::header() : std::string();
  blocks += first;
  if (!secrets_.empty()) blocks += pcapng::secrets(secrets_);
  blocks += held_.substr(first.size());
  wipe(secrets_);
  held_.clear();
  const char* why = bytes_ + blocks.size() > limit_ ? "it has reached its limit" : nullptr;
  for (size_t done = 0; why == nullptr && done < blocks.size();) {
    const ssize_t count = ::write(out_, blocks.data() + done, blocks.size() - done);
    if (count > 0) {
      done += static_cast<size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    why = errnoName(errno);
    // Half a block would make the file unreadable.
    if (ftruncate(out_, static_cast<off_t>(bytes_)) != 0) why = "EIO";
  }
  const size_t size = blocks.size();
  wipe(blocks);
  if (why == nullptr) {
    bytes_ += size;
    return;
  }
  stopped_ = true;
  close(std::exchange(out_, -1));  // from here on no secret is kept
  if (chain != nullptr) {
    chain->notice("BIO_CAPTURE", "The capture to " + file_ + " has stopped after " +
                                     std::to_string(bytes_) + " bytes: " + why +
                                     ". The connection goes on.");
  }
}

IoResult Capture::read(Below& below, uint8_t* out, size_t capacity) {
  const IoResult result = below.read(out, capacity);
  if (result.status == IoResult::Status::done) data(below, false, out, result.bytes);
  return result;
}

IoResult Capture::write(Below& below, const uint8_t* bytes, size_t size) {
  const IoResult result = below.write(bytes, size);
  if (result.status == IoResult::Status::done) data(below, true, bytes, result.bytes);
  return result;
}

}  // namespace lwspool::bio
