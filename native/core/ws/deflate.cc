#include "deflate.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace lwspool::ws {

namespace {

// What a sync flush ends with, and is not sent: RFC 7692, 7.2.1.
constexpr uint8_t kTail[] = {0x00, 0x00, 0xFF, 0xFF};
// An empty block without what follows its header: 7.2.3.6.
constexpr uint8_t kEmptyBlock = 0x00;
// More than this of memory for what is encoded is not kept.
constexpr size_t kKeptScratch = 1024 * 1024;

}  // namespace

Deflate::~Deflate() {
  if (inflater_ && peerNoTakeover()) pool_.giveBack(std::move(inflater_));
  pool_.drop(context_);
}

// --- messages in ---------------------------------------------------------------------------------

// What does not compress is stored in blocks of at most 65,535 bytes, each with five of its own;
// senders with little memory use smaller ones. An empty message takes a few.
uint64_t Deflate::encodedBound(uint64_t size) const {
  return size > UINT64_MAX / 2 ? UINT64_MAX : size + size / 8 + 1024;
}

Extension::Step Deflate::decode(std::span<const uint8_t> data, bool last, std::span<uint8_t> room) {
  Step step;
  if (!inflater_) {
    try {
      inflater_ = peerNoTakeover() ? pool_.borrow() : std::make_unique<Inflater>(peerBits());
    } catch (const std::bad_alloc&) {
      step.failure = &failure::outOfMemory;
      return step;
    }
  }
  z_stream& stream = *inflater_->operator->();
  // Both fit: a frame's payload that is held lies in memory, and is not beyond what zlib counts but
  // for one of 4 GiB, which is taken in parts.
  constexpr size_t kMost = size_t{1} << 30;
  const size_t given = std::min(data.size(), kMost);
  const size_t space = std::min(room.size(), kMost);
  stream.next_in = const_cast<uint8_t*>(data.data());
  stream.avail_in = static_cast<uInt>(given);
  stream.next_out = room.data();
  stream.avail_out = static_cast<uInt>(space);
  step.failure = inflateInto(stream, false);
  step.taken = given - stream.avail_in;
  encodedIn_ += step.taken;
  bool done = stream.avail_in == 0 && stream.avail_out > 0 && given == data.size();
  if (step.failure == nullptr && done && last && encodedIn_ > 0 && !ended_) {
    stream.next_in = const_cast<uint8_t*>(kTail + tail_);
    stream.avail_in = static_cast<uInt>(sizeof kTail - tail_);
    step.failure = inflateInto(stream, true);
    tail_ = static_cast<uint8_t>(sizeof kTail - stream.avail_in);
    done = stream.avail_in == 0;
    if (step.failure == nullptr && done && !ended_ && !inflater_->betweenBlocks()) {
      // Where there was no room for all of a block there still is something to come.
      if (stream.avail_out > 0) step.failure = &failure::truncatedData;
      done = false;
    }
  }
  step.written = space - stream.avail_out;
  decodedIn_ += step.written;
  if (step.failure == nullptr) step.failure = checkRatio();
  step.done = done;
  if (step.failure == nullptr && done && last) step.failure = endMessage();
  return step;
}

// As far as there is room. The tail is taken block by block, to know where it ends.
const Failure* Deflate::inflateInto(z_stream& stream, bool tail) {
  while (stream.avail_out > 0) {
    const uInt before = stream.avail_in;
    const uInt space = stream.avail_out;
    if (ended_ && before > 0) {
      inflater_->proceed();
      ended_ = false;
    }
    if (ended_) break;
    const int result = inflater_->inflate(tail ? Z_BLOCK : Z_SYNC_FLUSH);
    if (result == Z_STREAM_END) {
      ended_ = true;
      continue;
    }
    if (result == Z_MEM_ERROR) return &failure::outOfMemory;
    if (result != Z_OK && result != Z_BUF_ERROR) return &failure::corruptData;
    if (stream.avail_in == before && stream.avail_out == space) break;  // it can do no more
    if (stream.avail_in == 0 && (!tail || inflater_->betweenBlocks())) break;
  }
  return nullptr;
}

const Failure* Deflate::checkRatio() const {
  if (options_.maxRatio == 0 || decodedIn_ <= kRatioFloor) return nullptr;
  return decodedIn_ / options_.maxRatio > encodedIn_ ? &failure::ratioExceeded : nullptr;
}

// A message may end with a final block, and the next one then begins where that ended.
const Failure* Deflate::endMessage() {
  received.encoded += std::exchange(encodedIn_, 0);
  received.decoded += std::exchange(decodedIn_, 0);
  tail_ = 0;
  if (peerNoTakeover()) {
    ended_ = false;
    pool_.giveBack(std::move(inflater_));
  } else if (std::exchange(ended_, false)) {
    inflater_->proceed();
  }
  return nullptr;
}

// --- messages out --------------------------------------------------------------------------------

std::optional<std::span<const uint8_t>> Deflate::encode(std::span<const uint8_t> message) {
  // zlib cannot write with a window of 256 bytes.
  if (message.size() < options_.threshold || message.empty() || ourBits() == 8) return std::nullopt;
  if (ourNoTakeover()) {
    const auto encoded = deflateAll(pool_.fresh(shape()), message, true);
    if (encoded.size() >= message.size()) return std::nullopt;
    sent.encoded += encoded.size();
    sent.decoded += message.size();
    return encoded;
  }
  const auto encoded = deflateAll(*pool_.use(context_, shape()).deflater, message, true);
  sent.encoded += encoded.size();
  sent.decoded += message.size();
  return encoded;
}

bool Deflate::beginPieces() {
  if (ourBits() == 8) return false;
  if (ourNoTakeover()) {
    pieces_ = std::make_unique<Deflater>(shape());
  } else {
    pool_.use(context_, shape()).pinned = true;
  }
  return true;
}

std::span<const uint8_t> Deflate::encodePiece(std::span<const uint8_t> piece, bool last) {
  Deflater& deflater = pieces_ ? *pieces_ : *context_->deflater;
  const auto encoded = deflateAll(deflater, piece, last);
  sent.encoded += encoded.size();
  sent.decoded += piece.size();
  if (last) {
    pieces_.reset();
    if (context_ != nullptr) context_->pinned = false;
  }
  return encoded;
}

void Deflate::voidSent() {
  if (context_ != nullptr) context_->deflater->reset();
}

// All of it, to the end of a byte. Of the last piece without the tail.
std::span<const uint8_t> Deflate::deflateAll(Deflater& deflater, std::span<const uint8_t> data,
                                             bool last) {
  std::vector<uint8_t>& out = pool_.scratch();
  if (out.size() > kKeptScratch && data.size() < kKeptScratch / 2) {
    out.resize(kKeptScratch);
    out.shrink_to_fit();
  }
  const size_t likely = data.size() + data.size() / 1000 + 64;
  if (out.size() < likely) out.resize(likely);
  z_stream& stream = *deflater.operator->();
  // Its length is that of a command: 31 bits.
  stream.next_in = const_cast<uint8_t*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  size_t size = 0;
  do {
    if (size == out.size()) out.resize(out.size() + out.size() / 2);
    stream.next_out = out.data() + size;
    stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size() - size, 1u << 30));
    const size_t space = stream.avail_out;
    (void)deflater.deflate(Z_SYNC_FLUSH);
    size += space - stream.avail_out;
  } while (stream.avail_out == 0);
  if (!last) return {out.data(), size};
  if (size >= sizeof kTail &&
      std::memcmp(out.data() + size - sizeof kTail, kTail, sizeof kTail) == 0) {
    return {out.data(), size - sizeof kTail};
  }
  // Nothing was left to be flushed, as behind a piece that was.
  if (size == out.size()) out.resize(size + 1);
  out[size] = kEmptyBlock;
  return {out.data(), size + 1};
}

}  // namespace lwspool::ws
