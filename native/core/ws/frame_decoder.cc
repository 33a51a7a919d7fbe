#include "frame_decoder.h"

#include <algorithm>
#include <cstring>

#include "spare_memory.h"

namespace lwspool::ws {
namespace {

// A message announced as no longer than this gets its memory at once. Longer ones get what has
// arrived, doubled as it comes: announcing a gigabyte costs the peer a gigabyte of sending.
constexpr uint64_t kAllocateAtOnce = 1 << 20;

}  // namespace

void FrameDecoder::stop() {
  stage_ = Stage::stopped;
  messageOpcode_ = Opcode::continuation;
  message_.clear();
  control_.clear();
  if (extension_ != nullptr) extension_->in = {};
}

uint64_t FrameDecoder::wanted() const {
  switch (stage_) {
    case Stage::start:
      return 2;
    case Stage::header: {
      if (headerSize_ < 2) return 2u - headerSize_;
      const uint8_t length = header_[1] & 0x7F;
      const unsigned size = 2 + (length < 126 ? 0 : length == 126 ? 2 : 8);
      return size + (role_ == Role::server ? 4u : 0u) - headerSize_;
    }
    case Stage::payload: {
      FrameHeader header;
      parseHeader(header_, headerSize_, role_, extension_ != nullptr, header);
      return std::max<uint64_t>(header.length - payloadSeen_, 1);
    }
    case Stage::stopped:
      break;
  }
  return UINT64_MAX;
}

size_t FrameDecoder::leftoverSize() const {
  if (betweenFrames()) return 0;
  const size_t behind =
      suspended() ? extension_->in.backlog.size() - extension_->in.backlogAt : size_t{0};
  return headerSize_ + (stage_ == Stage::payload ? static_cast<size_t>(payloadSeen_) : 0) + behind;
}

void FrameDecoder::copyLeftover(uint8_t* out) const {
  if (betweenFrames()) return;
  std::memcpy(out, header_, headerSize_);
  if (suspended() && extension_->in.backlog.size() > 0) {
    const Extension::Inbound& in = extension_->in;
    std::memcpy(out + headerSize_ + payloadSeen_, in.backlog.data() + in.backlogAt,
                in.backlog.size() - in.backlogAt);
  }
  if (stage_ != Stage::payload || payloadSeen_ == 0) return;
  FrameHeader header;
  parseHeader(header_, headerSize_, role_, extension_ != nullptr, header);
  const Bytes& held = isControl(header.opcode) ? control_ : message_;
  const size_t size = static_cast<size_t>(payloadSeen_);
  // Masking is its own inverse; without a mask the key is zero.
  maskCopy(out + headerSize_, held.data() + held.size() - size, size, header.key);
}

// The frame stays unfinished for now. `raw` may be header_ itself.
void FrameDecoder::keepHeader(Stage stage, const uint8_t* raw, size_t size) {
  std::memmove(header_, raw, size);
  headerSize_ = static_cast<uint8_t>(size);
  stage_ = stage;
  payloadSeen_ = 0;
}

// Adds to a header that was cut off; header.size stays 0 when that was not enough.
const Failure* FrameDecoder::completeHeader(uint8_t*& at, const uint8_t* end, FrameHeader& header) {
  // May take bytes of the payload along, which are then not counted.
  const size_t taken = std::min(kMaxHeaderSize - headerSize_, static_cast<size_t>(end - at));
  if (taken > 0) std::memcpy(header_ + headerSize_, at, taken);
  const Failure* failure =
      parseHeader(header_, headerSize_ + taken, role_, extension_ != nullptr, header);
  if (failure != nullptr) return failure;
  const size_t used = header.size == 0 ? taken : header.size - headerSize_;
  headerSize_ = static_cast<uint8_t>(headerSize_ + used);
  at += used;
  return nullptr;
}

// Takes what is there of the payload of the frame in header_.
const Failure* FrameDecoder::takePayload(uint8_t*& at, const uint8_t* end) {
  FrameHeader header;
  parseHeader(header_, headerSize_, role_, extension_ != nullptr, header);
  const uint64_t missing = header.length - payloadSeen_;
  const auto size =
      static_cast<size_t>(std::min<uint64_t>(missing, static_cast<uint64_t>(end - at)));
  if (size == 0) return nullptr;
  const uint8_t* const piece = at;
  const uint64_t offset = payloadSeen_;
  at += size;
  payloadSeen_ += size;
  if (!isControl(header.opcode)) {
    return append(piece, size, header.key, offset, missing, header.fin);
  }
  if (control_.capacity() == 0 && !control_.reallocate(static_cast<size_t>(header.length))) {
    return &failure::outOfMemory;
  }
  maskCopy(control_.data() + offset, piece, size, header.key, static_cast<size_t>(offset));
  control_.grow(size);
  return nullptr;
}

// Adds to the message a piece of a data frame: `offset` bytes of its payload came before,
// `announced` are to come, this piece included; `last` when no other frame will follow.
const Failure* FrameDecoder::append(const uint8_t* piece, size_t size, uint32_t key,
                                    uint64_t offset, uint64_t announced, bool last) {
  if (size == 0) return nullptr;
  if (!makeRoom(size, announced, last)) return &failure::outOfMemory;
  uint8_t* const added = message_.data() + message_.size();
  if (role_ == Role::server) {
    maskCopy(added, piece, size, key, static_cast<size_t>(offset));
  } else {
    std::memcpy(added, piece, size);
  }
  return appended(size);
}

// `size` bytes were written behind the end of the message.
const Failure* FrameDecoder::appended(size_t size) {
  const uint8_t* const added = message_.data() + message_.size();
  message_.grow(size);
  const bool text = messageOpcode_ == Opcode::text && !encoded_;
  return text && !utf8_.feed(added, size) ? &failure::invalidText : nullptr;
}

std::span<uint8_t> FrameDecoder::room() {
  if (stage_ != Stage::payload || suspended()) return {};
  FrameHeader header;
  parseHeader(header_, headerSize_, role_, extension_ != nullptr, header);
  const uint64_t missing = header.length - payloadSeen_;
  if (isControl(header.opcode) || missing < kLarge) return {};
  // Without memory it is for feed() to fail.
  if (!makeRoom(kLarge, missing, header.fin)) return {};
  const size_t free = message_.capacity() - message_.size();
  return {message_.data() + message_.size(),
          static_cast<size_t>(std::min<uint64_t>(missing, free))};
}

// Room in message_ for `arriving` bytes, the first of `announced`.
bool FrameDecoder::makeRoom(size_t arriving, uint64_t announced, bool last) {
  const uint64_t needed = message_.size() + arriving;
  if (needed <= message_.capacity()) return true;
  const uint64_t goal = message_.size() + announced;
  uint64_t capacity = goal <= kAllocateAtOnce ? goal : needed;
  capacity = std::max<uint64_t>(capacity, 2 * message_.capacity());
  if (last) capacity = std::min(capacity, goal);
  if (message_.capacity() == 0) {
    message_ = SpareMemory::ofProcess().take(static_cast<size_t>(capacity));
    if (message_.capacity() > 0) return true;
  }
  return message_.reallocate(static_cast<size_t>(capacity));
}

}  // namespace lwspool::ws
