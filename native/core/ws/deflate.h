// permessage-deflate (RFC 7692) of one connection. As Extension says: messages in belong with the
// decoder, all else is for the worker's thread. The pool is the worker's, and outlives it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "deflate_parameters.h"
#include "deflate_pool.h"
#include "extension.h"
#include "frame.h"

namespace lwspool::ws {

class Deflate final : public Extension {
 public:
  // As little as this inflates without being looked at for maxRatio.
  static constexpr uint64_t kRatioFloor = 64 * 1024;

  // The options outlive it.
  Deflate(Role role, const DeflateOptions& options, DeflatePool& pool)
      : options_(options), pool_(pool), role_(role) {}
  ~Deflate() override;
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  std::string_view name() const override { return kDeflateName; }
  std::string offer() const override { return deflateOffer(options_); }
  std::optional<Misfit> accept(std::string_view parameters) override {
    return readDeflateAnswer(options_, parameters, agreement_);
  }
  std::optional<std::string> answer(std::string_view parameters) override {
    return answerDeflateOffer(options_, parameters, agreement_);
  }

  uint64_t encodedBound(uint64_t size) const override;
  Step decode(std::span<const uint8_t> data, bool last, std::span<uint8_t> room) override;
  void voidReceived() override { inflater_.reset(); }

  std::optional<std::span<const uint8_t>> encode(std::span<const uint8_t> message) override;
  bool beginPieces() override;
  std::span<const uint8_t> encodePiece(std::span<const uint8_t> piece, bool last) override;
  bool linksSent() const override { return !ourNoTakeover() && ourBits() > 8; }
  void voidSent() override;

 private:
  const Failure* inflateInto(z_stream& stream, bool tail);
  const Failure* checkRatio() const;
  const Failure* endMessage();
  std::span<const uint8_t> deflateAll(Deflater&, std::span<const uint8_t> data, bool last);
  DeflateShape shape() const { return {options_.level, options_.memLevel, ourBits()}; }

  bool server() const { return role_ == Role::server; }
  bool ourNoTakeover() const {
    return server() ? agreement_.serverNoContextTakeover : agreement_.clientNoContextTakeover;
  }
  bool peerNoTakeover() const {
    return server() ? agreement_.clientNoContextTakeover : agreement_.serverNoContextTakeover;
  }
  uint8_t ourBits() const {
    return server() ? agreement_.serverWindowBits : agreement_.clientWindowBits;
  }
  uint8_t peerBits() const {
    return server() ? agreement_.clientWindowBits : agreement_.serverWindowBits;
  }

  const DeflateOptions& options_;
  DeflatePool& pool_;
  DeflateAgreement agreement_;
  const Role role_;

  // Messages in.
  std::unique_ptr<Inflater> inflater_;  // lent where the peer keeps no context
  uint64_t encodedIn_ = 0;              // of the message
  uint64_t decodedIn_ = 0;
  uint8_t tail_ = 0;    // bytes of the tail that were given to zlib
  bool ended_ = false;  // the last block so far was a final one, and nothing came behind it

  // Messages out.
  DeflatePool::Context* context_ = nullptr;
  std::unique_ptr<Deflater> pieces_;  // of a message in fragments that refers to none before
};

}  // namespace lwspool::ws
