// Writes down every TLS record that passes (RFC 8446, 5.1): when its last byte did, which way it
// went, its type and length. The latest ones are kept, in memory that is taken once. A record may
// come in many pieces, and many may come in one. One look at the clock for each call.
#pragma once

#include <vector>

#include "layer.h"

namespace lwspool::bio {

struct TlsRecord {
  double time;      // ms since the epoch
  uint16_t length;  // bytes behind the header
  uint8_t type;     // ContentType; of encrypted ones in TLS 1.3 always application_data
  bool sent;
};

class Recorder final : public Layer {
 public:
  explicit Recorder(size_t capacity) : capacity_(capacity) {}

  Kind kind() const override { return Kind::recorder; }
  std::shared_ptr<const Layer> copy() const override { return std::make_shared<Recorder>(*this); }
  IoResult read(Below& below, uint8_t* out, size_t capacity) override;
  IoResult write(Below& below, const uint8_t* bytes, size_t size) override;
  bool wantsBoundary() const override { return true; }
  bool looksOn() const override { return true; }

  // The oldest first.
  std::vector<TlsRecord> records() const;
  // Of all that have passed.
  uint64_t total() const { return total_; }
  // What passed were no records of TLS, and from there on nothing was written down.
  bool lost() const { return incoming_.lost || outgoing_.lost; }

 private:
  struct Parser {
    uint8_t header[5];
    uint8_t have = 0;    // bytes of the header
    size_t missing = 0;  // of what is behind it
    bool lost = false;
  };
  void take(Parser&, bool sent, const uint8_t* bytes, size_t size);
  void note(const Parser&, bool sent, double time);

  const size_t capacity_;
  std::vector<TlsRecord> ring_;
  uint64_t total_ = 0;
  Parser incoming_;
  Parser outgoing_;
};

}  // namespace lwspool::bio
