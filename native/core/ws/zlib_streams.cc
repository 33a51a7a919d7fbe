#include "zlib_streams.h"

#include <new>

namespace lwspool::ws {

Inflater::Inflater(int windowBits) {
  if (inflateInit2(&stream_, -windowBits) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(&stream_); }

Deflater::Deflater(const DeflateShape& shape) : shape_(shape) {
  if (deflateInit2(&stream_, shape.level, Z_DEFLATED, -shape.windowBits, shape.memLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

Deflater::~Deflater() { deflateEnd(&stream_); }

}  // namespace lwspool::ws
