#include "coalesce.h"

#include "chain.h"

namespace lwspool::bio {

using Status = IoResult::Status;

IoResult Coalesce::pass(Below& below, const uint8_t* bytes, size_t size) {
  const IoResult result = below.write(bytes, size);
  if (result.status == Status::done) writes_++;
  return result;
}

IoResult Coalesce::write(Below& below, const uint8_t* bytes, size_t size) {
  const bool fits = below.chain().gathering() && kept() + size <= limit_;
  if (!fits && kept() > 0) {
    const IoResult result = flush(below);
    if (result.status != Status::done) return result;
  }
  if (below.chain().gathering() && size <= limit_) {
    buffer_.insert(buffer_.end(), bytes, bytes + size);
    records_++;
    return {Status::done, size};
  }
  const IoResult result = pass(below, bytes, size);
  if (result.status == Status::done) records_++;
  return result;
}

IoResult Coalesce::flush(Below& below) {
  while (kept() > 0) {
    const IoResult result = pass(below, buffer_.data() + sent_, kept());
    if (result.status != Status::done) return result;
    sent_ += result.bytes;
  }
  // The memory goes as well: an idle connection keeps none.
  std::vector<uint8_t>().swap(buffer_);
  sent_ = 0;
  return {Status::done};
}

}  // namespace lwspool::bio
