// Writes what passes to a pcapng file of the connection's own, with the TLS secrets in it, so that
// Wireshark shows it decrypted: the file is as secret as what was sent. It is made anew (never one
// that was there, never through a link) with mode 0600. Costs a copy of all that passes and a
// write(2) for each call, on the thread that serves the connection. Where the file cannot grow any
// more it ends there, the user is told once, and the connection goes on.
#pragma once

#include <openssl/types.h>

#include <string>

#include "layer.h"
#include "pcapng.h"

namespace lwspool::bio {

class Capture final : public Layer {
 public:
  // Throws std::runtime_error. The descriptor's addresses are those of the packets.
  Capture(const std::string& file, size_t limit, int fd);
  ~Capture() override;
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  Kind kind() const override { return Kind::capture; }
  std::shared_ptr<const Layer> copy() const override;
  IoResult read(Below& below, uint8_t* out, size_t capacity) override;
  IoResult write(Below& below, const uint8_t* bytes, size_t size) override;
  bool looksOn() const override { return true; }

  // A line of the key log. All of a handshake's have to stand in front of the first packet that a
  // reader needs one of them for, the ServerHello. OpenSSL tells some only when it needs them
  // itself, at the end, so a handshake is held back as a whole; after it the last packet is, by one
  // call, for what may come up while it is read.
  void secret(const char* line);

  const std::string& file() const { return file_; }
  uint64_t bytes() const { return bytes_; }  // of the file
  bool stopped() const { return stopped_; }

 private:
  struct Figures {};
  Capture(const Capture& other, Figures);
  void packet(bool sent, uint8_t flags, std::string_view payload);
  void data(Below& below, bool sent, const uint8_t* bytes, size_t size);
  void save(Chain* chain);

  const std::string file_;
  const size_t limit_;
  int out_ = -1;
  pcapng::End own_;
  pcapng::End peer_;
  std::string secrets_;  // since the last block of them
  std::string held_;     // blocks to be written, behind the secrets
  uint64_t bytes_ = 0;
  bool stopped_ = false;
};

// A line of the key log, for the captures of that connection. Where the object is used.
void tellSecret(const SSL*, const char* line);

}  // namespace lwspool::bio
