// The part of FrameDecoder that calls the sink: the walk over whole frames, where they lie.
// For those who feed a decoder.
#pragma once

#include <utility>

#include "frame_decoder.h"

namespace lwspool::ws {

template <class Sink>
const Failure* FrameDecoder::feed(uint8_t* data, size_t size, Sink& sink) {
  uint8_t* at = data;
  uint8_t* const end = data + size;
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
      break;
    }
    const uint8_t* const raw = at;
    at += header.size;
    failure = takeFrame(header, raw, at, end, sink);
  }
  if (failure != nullptr) [[unlikely]]
    stop();
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
    return takePayload(at, end);
  }
  uint8_t* const payload = at;
  const size_t size = static_cast<size_t>(header.length);
  at += size;
  const bool control = isControl(header.opcode);
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
  // No overflow: what message_ holds passed the same limit.
  if (header.length <= limit - message_.size()) [[likely]]
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
  if (encoded_) {
    Bytes decoded;
    if (const Failure* failure = decode(opcode, data, size, decoded)) return failure;
    sink.message(opcode, std::move(decoded));
    return nullptr;
  }
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
  if (encoded_) {
    Bytes decoded;
    if (const Failure* failure = decode(opcode, message.data(), message.size(), decoded)) {
      return failure;
    }
    message = std::move(decoded);
  } else if (opcode == Opcode::text && !utf8_.complete()) {
    return &failure::invalidText;
  }
  message.trim();
  sink.message(opcode, std::move(message));
  return nullptr;
}

}  // namespace lwspool::ws
