// The two kinds of streams of zlib, raw (RFC 1951), each owned by one thread at a time. In the
// addon they are those of the node process.
#pragma once

#include <zlib.h>

#include <cstdint>

namespace lwspool::ws {

class Inflater {
 public:
  // Of a peer whose window has so many bits, 8 to 15. Throws std::bad_alloc.
  explicit Inflater(int windowBits);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream* operator->() { return &stream_; }
  // As zlib has it: Z_OK, Z_STREAM_END, Z_BUF_ERROR, Z_DATA_ERROR or Z_MEM_ERROR.
  int inflate(int flush) { return ::inflate(&stream_, flush); }
  // Begins anew, with an empty window.
  void reset() { inflateReset(&stream_); }
  // A final block has ended; what follows may refer to what was before.
  void proceed() { inflateResetKeep(&stream_); }
  // Between two blocks, and no bit of the next one was taken.
  bool betweenBlocks() const { return (stream_.data_type & 0x80) != 0; }

 private:
  z_stream stream_{};
};

// How an end compresses.
struct DeflateShape {
  int level;
  int memLevel;
  int windowBits;  // 9 to 15
  bool operator==(const DeflateShape&) const = default;
};

class Deflater {
 public:
  // Throws std::bad_alloc.
  explicit Deflater(const DeflateShape&);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream* operator->() { return &stream_; }
  int deflate(int flush) { return ::deflate(&stream_, flush); }
  // Begins anew: what follows refers to nothing before.
  void reset() { deflateReset(&stream_); }
  const DeflateShape& shape() const { return shape_; }

 private:
  z_stream stream_{};
  const DeflateShape shape_;
};

}  // namespace lwspool::ws
