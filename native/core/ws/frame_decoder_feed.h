// The part of FrameDecoder that calls the sink: the walk over whole frames, where they lie.
// For those who feed a decoder.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstring>
#include <span>
#include <utility>

#include "frame_decoder.h"

namespace lwspool::ws {

// A sink that says how much may be decoded, and where.
template <class Sink>
concept DecodingSink = requires(Sink& sink) {
  { sink.scratch() } -> std::convertible_to<std::span<uint8_t>>;
  { sink.decodable() } -> std::convertible_to<size_t>;
};

template <class Sink>
const Failure* FrameDecoder::feed(uint8_t* data, size_t size, Sink& sink) {
  uint8_t* at = data;
  uint8_t* const end = data + size;
  const Failure* failure = nullptr;
  if (extension_ != nullptr) [[unlikely]] {
    allowDecoding(sink);
    if (extension_->in.suspended) failure = goOn(sink);
  }
  if (failure == nullptr && !suspended()) failure = walk(at, end, sink);
  if (failure == nullptr && suspended()) [[unlikely]]
    failure = keepBacklog(at, end);
  if (failure != nullptr) [[unlikely]]
    stop();
  return failure;
}

// To the end, or to where it is suspended.
template <class Sink>
const Failure* FrameDecoder::walk(uint8_t*& at, uint8_t* end, Sink& sink) {
  const Failure* failure = nullptr;
  if (stage_ != Stage::start) [[unlikely]]
    failure = resume(at, end, sink);
  while (failure == nullptr && at != end && stage_ == Stage::start) {
    FrameHeader header;
    const size_t available = static_cast<size_t>(end - at);
    failure = parseHeader(at, available, role_, extension_ != nullptr, header);
    if (failure != nullptr) break;
    if (header.size == 0) {
      keepHeader(Stage::header, at, available);
      at = end;
      break;
    }
    const uint8_t* const raw = at;
    at += header.size;
    failure = takeFrame(header, raw, at, end, sink);
  }
  return failure;
}

// Goes on with the frame that the last call left unfinished.
template <class Sink>
const Failure* FrameDecoder::resume(uint8_t*& at, uint8_t* end, Sink& sink) {
  if (stage_ == Stage::stopped) return nullptr;
  FrameHeader header;
  if (stage_ == Stage::header) {
    const Failure* failure = completeHeader(at, end, header);
    if (failure != nullptr || header.size == 0) return failure;
    stage_ = Stage::start;
    return takeFrame(header, header_, at, end, sink);
  }
  parseHeader(header_, headerSize_, role_, extension_ != nullptr, header);
  const Failure* failure = takePayload(at, end);
  if (failure != nullptr) return failure;
  return finishPayload(header, sink);
}

template <class Sink>
const Failure* FrameDecoder::filled(size_t size, Sink& sink) {
  if (extension_ != nullptr) [[unlikely]]
    allowDecoding(sink);
  FrameHeader header;
  parseHeader(header_, headerSize_, role_, extension_ != nullptr, header);
  if (role_ == Role::server) {
    maskInPlace(message_.data() + message_.size(), size, header.key,
                static_cast<size_t>(payloadSeen_));
  }
  payloadSeen_ += size;
  const Failure* failure = appended(size);
  if (failure == nullptr) failure = finishPayload(header, sink);
  if (failure != nullptr) [[unlikely]]
    stop();
  return failure;
}

// Ends the frame in header_ if all of its payload is there.
template <class Sink>
const Failure* FrameDecoder::finishPayload(const FrameHeader& header, Sink& sink) {
  if (decodes(header.opcode)) [[unlikely]] {
    const bool whole = payloadSeen_ == header.length;
    const Failure* failure = decodeHeld(whole && header.fin);
    if (failure != nullptr || !whole || extension_->in.suspended) return failure;
    stage_ = Stage::start;
    extension_->in.before += message_.size();
    extension_->in.taken = 0;
    message_.clear();
    return header.fin ? finishDecoded(sink) : nullptr;
  }
  if (payloadSeen_ < header.length) return nullptr;
  stage_ = Stage::start;
  if (isControl(header.opcode)) {
    const Bytes payload = std::move(control_);
    return takeControl(header.opcode, payload.data(), payload.size(), sink);
  }
  return header.fin ? finishAside(sink) : nullptr;
}

// A frame whose header, the bytes at `raw`, has just become known; `at` is behind it.
template <class Sink>
const Failure* FrameDecoder::takeFrame(const FrameHeader& header, const uint8_t* raw, uint8_t*& at,
                                       uint8_t* end, Sink& sink) {
  if (const Failure* failure = admit(header)) [[unlikely]]
    return failure;
  if (header.length > static_cast<size_t>(end - at)) [[unlikely]] {
    keepHeader(Stage::payload, raw, header.size);
    const Failure* failure = takePayload(at, end);
    return failure != nullptr || !decodes(header.opcode) ? failure : decodeHeld(false);
  }
  uint8_t* const payload = at;
  const size_t size = static_cast<size_t>(header.length);
  at += size;
  const bool control = isControl(header.opcode);
  if (encoded_ && !control) [[unlikely]]
    return takeEncoded(header, raw, payload, size, sink);
  if (control || (header.fin && message_.size() == 0)) [[likely]] {
    if (role_ == Role::server) maskInPlace(payload, size, header.key);
    return control ? takeControl(header.opcode, payload, size, sink)
                   : finishInPlace(payload, size, sink);
  }
  const Failure* failure = append(payload, size, header.key, 0, size, header.fin);
  if (failure != nullptr) return failure;
  return header.fin ? finishAside(sink) : nullptr;
}

// Does the frame fit into the stream here? A data frame then begins, or goes on with, a message.
inline const Failure* FrameDecoder::admit(const FrameHeader& header) {
  if (isControl(header.opcode)) return nullptr;
  if (header.opcode == Opcode::continuation) {
    if (!midMessage()) return &failure::strayContinuation;
    if (header.rsv1) return &failure::reservedBits;  // belongs on the first frame
  } else {
    if (midMessage()) return &failure::missingContinuation;
    messageOpcode_ = header.opcode;
    encoded_ = header.rsv1;
  }
  const uint64_t limit = encoded_ ? extension_->encodedBound(maxPayload_) : maxPayload_;
  const uint64_t before = encoded_ ? extension_->in.before : message_.size();
  // No overflow: what came before passed the same limit.
  if (header.length <= limit - before) [[likely]]
    return nullptr;
  payloadSeen_ = encoded_ ? 0 : message_.size() + header.length;
  return &failure::messageTooBig;
}

template <class Sink>
const Failure* FrameDecoder::takeControl(Opcode opcode, const uint8_t* payload, size_t size,
                                         Sink& sink) {
  if (opcode == Opcode::ping) {
    sink.ping(payload, size);
    return nullptr;
  }
  if (opcode == Opcode::pong) {
    sink.pong(payload, size);
    return nullptr;
  }
  stop();  // nothing may follow a close frame
  if (size == 0) {
    sink.close(close_code::noStatus, payload, 0);
    return nullptr;
  }
  if (size == 1) return &failure::shortClose;
  const uint16_t code = readNumber<uint16_t>(payload);
  if (!isCloseCode(code)) return &failure::invalidCloseCode;
  if (!isUtf8(payload + 2, size - 2)) return &failure::invalidCloseReason;
  sink.close(code, payload + 2, size - 2);
  return nullptr;
}

// The message ends with this frame, and no byte of it came before: it lies where it arrived.
template <class Sink>
const Failure* FrameDecoder::finishInPlace(const uint8_t* data, size_t size, Sink& sink) {
  const Opcode opcode = std::exchange(messageOpcode_, Opcode::continuation);
  large_ = size >= kLarge;
  if (opcode == Opcode::text && !isUtf8(data, size)) return &failure::invalidText;
  sink.message(opcode, data, size);
  return nullptr;
}

// The message that was put together in message_ ends.
template <class Sink>
const Failure* FrameDecoder::finishAside(Sink& sink) {
  const Opcode opcode = std::exchange(messageOpcode_, Opcode::continuation);
  Bytes message = std::move(message_);
  large_ = message.size() >= kLarge;
  if (opcode == Opcode::text && !utf8_.complete()) return &failure::invalidText;
  message.trim();
  sink.message(opcode, std::move(message));
  return nullptr;
}

// --- messages with RSV1 set ----------------------------------------------------------------------

template <class Sink>
void FrameDecoder::allowDecoding(Sink& sink) {
  if constexpr (DecodingSink<Sink>) {
    extension_->in.budget = sink.decodable();
  } else {
    extension_->in.budget = SIZE_MAX;
  }
}

// What was suspended, and what came behind it.
template <class Sink>
const Failure* FrameDecoder::goOn(Sink& sink) {
  Extension::Inbound& in = extension_->in;
  in.suspended = false;
  Bytes kept = std::exchange(in.backlog, {});
  uint8_t* at = kept.data() + std::exchange(in.backlogAt, 0);
  uint8_t* const end = kept.data() + kept.size();
  FrameHeader header;
  parseHeader(header_, headerSize_, role_, true, header);
  const Failure* failure = finishPayload(header, sink);
  if (failure == nullptr && !in.suspended) failure = walk(at, end, sink);
  if (failure == nullptr && in.suspended) {
    if (at == end) return nullptr;
    in.backlogAt = static_cast<size_t>(at - kept.data());
    in.backlog = std::move(kept);
  }
  return failure;
}

// A frame that is all there, at `payload`.
template <class Sink>
const Failure* FrameDecoder::takeEncoded(const FrameHeader& header, const uint8_t* raw,
                                         uint8_t* payload, size_t size, Sink& sink) {
  Extension::Inbound& in = extension_->in;
  if (role_ == Role::server) maskInPlace(payload, size, header.key);
  large_ = size >= kLarge;
  if constexpr (DecodingSink<Sink>) {
    // A whole message that is small when it is decoded.
    std::span<uint8_t> scratch = sink.scratch();
    scratch = scratch.first(std::min(scratch.size(), in.budget));
    if (header.fin && in.before == 0 && in.message.size() == 0 && !scratch.empty()) {
      const auto step = extension_->decode({payload, size}, true, scratch);
      if (step.failure != nullptr) return step.failure;
      in.budget -= step.written;
      if (step.written > maxPayload_) {
        payloadSeen_ = 0;
        return &failure::messageTooBig;
      }
      if (step.done) {
        const Opcode opcode = std::exchange(messageOpcode_, Opcode::continuation);
        if (opcode == Opcode::text && !isUtf8(scratch.data(), step.written)) {
          return &failure::invalidText;
        }
        sink.message(opcode, scratch.data(), step.written);
        return nullptr;
      }
      if (!in.message.reallocate(std::max<size_t>(4 * step.written, 4096))) {
        return &failure::outOfMemory;
      }
      std::memcpy(in.message.data(), scratch.data(), step.written);
      in.message.grow(step.written);
      in.taken = step.taken;
      if (const Failure* failure = checkDecoded(scratch.data(), step.written)) return failure;
    }
  }
  if (const Failure* failure = decodePiece(payload, size, header.fin)) return failure;
  if (in.suspended) return keepEncoded(header, raw, payload, size);
  in.before += size;
  in.taken = 0;
  return header.fin ? finishDecoded(sink) : nullptr;
}

// All of the message is decoded.
template <class Sink>
const Failure* FrameDecoder::finishDecoded(Sink& sink) {
  const Opcode opcode = std::exchange(messageOpcode_, Opcode::continuation);
  Bytes message = std::move(extension_->in.message);
  extension_->in.before = 0;
  if (opcode == Opcode::text && !utf8_.complete()) return &failure::invalidText;
  message.trim();
  sink.message(opcode, std::move(message));
  return nullptr;
}

}  // namespace lwspool::ws
