// Messages with RSV1 set: decoded as they come, in steps of which none is large.
#include <algorithm>
#include <cstring>

#include "frame_decoder.h"

namespace lwspool::ws {

namespace {

// What is decoded at once. More than a message is longer than maxPayload by is never decoded.
constexpr size_t kStep = 16 * 1024;

}  // namespace

// What there is of the frame that is held.
const Failure* FrameDecoder::decodeHeld(bool last) {
  return decodePiece(message_.data(), message_.size(), last);
}

// The bytes from Inbound::taken on of a frame's, as far as the budget goes.
const Failure* FrameDecoder::decodePiece(const uint8_t* data, size_t size, bool last) {
  Extension::Inbound& in = extension_->in;
  for (;;) {
    if (in.taken == size && !last) return nullptr;
    if (in.budget == 0) {
      in.suspended = true;
      return nullptr;
    }
    const size_t held = in.message.size();
    if (in.message.capacity() == held) {
      const uint64_t most = maxPayload_ == UINT64_MAX ? maxPayload_ : maxPayload_ + 1;
      const uint64_t wanted = std::max<uint64_t>(2 * held, std::min(4 * size, kStep) + 64);
      if (!in.message.reallocate(static_cast<size_t>(std::min(most, wanted)))) {
        return &failure::outOfMemory;
      }
    }
    const size_t room = std::min({in.message.capacity() - held, kStep, in.budget});
    uint8_t* const out = in.message.data() + held;
    const auto step = extension_->decode({data + in.taken, size - in.taken}, last, {out, room});
    if (step.failure != nullptr) return step.failure;
    in.taken += step.taken;
    in.budget -= step.written;
    in.message.grow(step.written);
    if (const Failure* failure = checkDecoded(out, step.written)) return failure;
    if (step.done) return nullptr;
  }
}

// Bytes that were just decoded into Inbound::message.
const Failure* FrameDecoder::checkDecoded(const uint8_t* data, size_t size) {
  if (extension_->in.message.size() > maxPayload_) {
    payloadSeen_ = 0;
    return &failure::messageTooBig;
  }
  const bool text = messageOpcode_ == Opcode::text;
  return text && !utf8_.feed(data, size) ? &failure::invalidText : nullptr;
}

// A frame that was to be decoded where it lies, and is not all decoded.
const Failure* FrameDecoder::keepEncoded(const FrameHeader& header, const uint8_t* raw,
                                         const uint8_t* payload, size_t size) {
  keepHeader(Stage::payload, raw, header.size);
  payloadSeen_ = size;
  if (size == 0) return nullptr;
  if (!message_.reallocate(size)) return &failure::outOfMemory;
  std::memcpy(message_.data(), payload, size);
  message_.grow(size);
  return nullptr;
}

// What came behind a frame that is not all decoded.
const Failure* FrameDecoder::keepBacklog(const uint8_t* at, const uint8_t* end) {
  Bytes& backlog = extension_->in.backlog;
  const auto size = static_cast<size_t>(end - at);
  if (size == 0) return nullptr;
  if (!backlog.reallocate(backlog.size() + size)) return &failure::outOfMemory;
  std::memcpy(backlog.data() + backlog.size(), at, size);
  backlog.grow(size);
  return nullptr;
}

}  // namespace lwspool::ws
