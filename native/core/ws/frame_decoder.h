// Frames in: from the bytes of the wire to messages and control frames. One per connection, owned
// by one thread at a time; it may move to another thread between two calls of feed().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bytes.h"
#include "extension.h"
#include "failure.h"
#include "frame.h"
#include "frame_header.h"
#include "mask.h"
#include "utf8.h"

namespace lwspool::ws {

struct DecoderOptions {
  Role role = Role::client;
  uint64_t maxPayload = UINT64_MAX;  // bytes of a whole message, put together and decoded
  Extension* extension = nullptr;    // outlives the decoder; nullptr: RSV1 must not be set
};

// What arrives goes to a sink, any class with these (inlined) functions; pointers are valid during
// the call. A sink may call stop(), but neither feed() nor the destructor.
//
//   void message(Opcode textOrBinary, const uint8_t* data, size_t size);  // lies in the buffer
//   void message(Opcode textOrBinary, Bytes&& data);  // was put together aside; changes hands
//   void ping(const uint8_t* data, size_t size);
//   void pong(const uint8_t* data, size_t size);
//   void close(uint16_t code, const uint8_t* reason, size_t size);  // 1005: there was no code
//
// And, where messages may be encoded:
//
//   std::span<uint8_t> scratch();  // for decoding messages that fit there
//   size_t decodable();            // how many bytes may be decoded at this call; else any
//
// A frame that lies wholly in the buffer is never copied (fragments of a message are, to join
// them). Of an unfinished one the header is kept aside and the payload goes, unmasked, straight to
// where its message will be.
class FrameDecoder {
 public:
  explicit FrameDecoder(const DecoderOptions& options)
      : maxPayload_(options.maxPayload), extension_(options.extension), role_(options.role) {}
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  // Takes the next bytes of the stream, unmasking them where they lie. Returns nullptr, or why the
  // connection has to be failed. After a failure, a close frame or stop() input is ignored.
  template <class Sink>
  const Failure* feed(uint8_t* data, size_t size, Sink& sink);

  // As much was decoded as the sink had room for. What was fed is kept; feed() goes on with it,
  // with more or with nothing. Until then there is no room(), and no more should be read.
  bool suspended() const { return extension_ != nullptr && extension_->in.suspended; }

  // Where the next bytes of the stream may be put without a copy: a large payload has begun, and
  // its message has room for them. Whoever puts some there says so with filled(); what comes behind
  // them is fed. Empty where feed() is the only way, as it always may be.
  std::span<uint8_t> room();
  template <class Sink>
  const Failure* filled(size_t size, Sink& sink);

  // How many bytes are best read at once where there is no room(): many, to find many messages in
  // them, but few where messages are large.
  size_t readAhead(size_t capacity) const {
    return large_ && capacity > kReadAhead ? kReadAhead : capacity;
  }

  // Ignores all further input and frees what is held.
  void stop();
  bool stopped() const { return stage_ == Stage::stopped; }

  // No byte of an unfinished frame is held: the next one is the first of a header.
  bool betweenFrames() const { return stage_ == Stage::start || stopped(); }

  // What messages with RSV1 set go through; null: there is none.
  Extension* extension() const { return extension_; }

  // How many bytes it takes at least to the end of the header or of the frame, whichever is next;
  // so many never reach into the frame behind. At least 1.
  uint64_t wanted() const;

  // A data message has begun (the header of its first frame is known) and not ended.
  bool midMessage() const { return messageOpcode_ != Opcode::continuation; }

  // The bytes of the unfinished frame as they came from the wire: header, payload, mask and all.
  // Where the decoder is suspended, those that came behind it as well.
  size_t leftoverSize() const;
  void copyLeftover(uint8_t* out) const;

  // After failure::messageTooBig: how large the message is, as far as its frames have said; 0 where
  // they have not, since what they announced is encoded.
  uint64_t refusedSize() const { return payloadSeen_; }

  // Memory allocated at present, besides the object itself.
  size_t allocated() const {
    const size_t own = message_.capacity() + control_.capacity();
    if (extension_ == nullptr) return own;
    return own + extension_->in.message.capacity() + extension_->in.backlog.capacity();
  }

 private:
  // From so much on a message counts as large.
  static constexpr size_t kLarge = 16 * 1024;
  static constexpr size_t kReadAhead = 2 * 1024;

  enum class Stage : uint8_t {
    start,    // between two frames
    header,   // in header_, not all of it
    payload,  // header_ is complete; payloadSeen_ bytes of the payload are held
    stopped,
  };

  // With a sink, in frame_decoder_feed.h, as feed() is.
  template <class Sink>
  const Failure* walk(uint8_t*& at, uint8_t* end, Sink& sink);
  template <class Sink>
  const Failure* resume(uint8_t*& at, uint8_t* end, Sink& sink);
  template <class Sink>
  const Failure* goOn(Sink& sink);
  template <class Sink>
  const Failure* takeFrame(const FrameHeader& header, const uint8_t* raw, uint8_t*& at,
                           uint8_t* end, Sink& sink);
  template <class Sink>
  const Failure* takeControl(Opcode opcode, const uint8_t* payload, size_t size, Sink& sink);
  template <class Sink>
  const Failure* finishPayload(const FrameHeader& header, Sink& sink);
  template <class Sink>
  const Failure* finishInPlace(const uint8_t* data, size_t size, Sink& sink);
  template <class Sink>
  const Failure* finishAside(Sink& sink);
  template <class Sink>
  const Failure* takeEncoded(const FrameHeader& header, const uint8_t* raw, uint8_t* payload,
                             size_t size, Sink& sink);
  template <class Sink>
  const Failure* finishDecoded(Sink& sink);
  template <class Sink>
  void allowDecoding(Sink& sink);
  const Failure* admit(const FrameHeader& header);

  // What is kept aside, in frame_decoder.cc.
  void keepHeader(Stage stage, const uint8_t* raw, size_t size);
  const Failure* completeHeader(uint8_t*& at, const uint8_t* end, FrameHeader& header);
  const Failure* takePayload(uint8_t*& at, const uint8_t* end);
  const Failure* append(const uint8_t* piece, size_t size, uint32_t key, uint64_t offset,
                        uint64_t announced, bool last);
  const Failure* appended(size_t size);
  bool makeRoom(size_t arriving, uint64_t announced, bool last);

  // Of a message with RSV1 set, in frame_decoder_encoded.cc.
  const Failure* decodeHeld(bool last);
  const Failure* decodePiece(const uint8_t* data, size_t size, bool last);
  const Failure* checkDecoded(const uint8_t* data, size_t size);
  const Failure* keepEncoded(const FrameHeader& header, const uint8_t* raw, const uint8_t* payload,
                             size_t size);
  const Failure* keepBacklog(const uint8_t* at, const uint8_t* end);
  bool decodes(Opcode opcode) const { return encoded_ && !isControl(opcode); }

  // The order keeps the object small: there is one per connection.
  const uint64_t maxPayload_;
  Extension* const extension_;
  // Of the message: its fragments so far, the unfinished one included. Where it is encoded, only of
  // the unfinished one, for leftoverSize(); what is decoded lies with the extension.
  Bytes message_;
  Bytes control_;  // payload of an unfinished control frame
  // Of the unfinished frame: so much lies in one of the two. After a failure: see refusedSize().
  uint64_t payloadSeen_ = 0;
  const Role role_;
  Stage stage_ = Stage::start;
  Opcode messageOpcode_ = Opcode::continuation;  // continuation: no message has begun
  bool encoded_ = false;                         // the message began with RSV1
  bool large_ = false;                           // the last message was
  Utf8Validator utf8_;              // over what there is of a text; complete when that is nothing
  uint8_t headerSize_ = 0;          // bytes in header_
  uint8_t header_[kMaxHeaderSize];  // of the unfinished frame
};

static_assert(sizeof(FrameDecoder) < 100);

}  // namespace lwspool::ws
