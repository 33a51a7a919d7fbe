#include "memory.h"

#include <algorithm>
#include <cstring>

namespace lwspool::bio {

using Status = IoResult::Status;

std::shared_ptr<const Layer> Memory::copy() const {
  auto figures = std::make_shared<Memory>(limit_);
  std::lock_guard lock(mutex_);
  figures->fed_ = fed_;
  figures->taken_ = taken_;
  return figures;
}

IoResult Memory::read(Below&, uint8_t* out, size_t capacity) {
  std::lock_guard lock(mutex_);
  const size_t size = std::min(capacity, in_.size());
  if (size == 0) return {ended_ ? Status::ended : Status::again};
  std::memcpy(out, in_.front(), size);
  in_.consume(size);
  return {Status::done, size};
}

IoResult Memory::write(Below&, const uint8_t* bytes, size_t size) {
  std::lock_guard lock(mutex_);
  const size_t count = std::min(size, limit_ - out_.size());
  if (count == 0) return {Status::again};
  out_.append(bytes, count);
  return {Status::done, count};
}

size_t Memory::kept() const {
  std::lock_guard lock(mutex_);
  return out_.size();
}

size_t Memory::unread() const {
  std::lock_guard lock(mutex_);
  return in_.size();
}

size_t Memory::feed(const uint8_t* bytes, size_t size) {
  std::lock_guard lock(mutex_);
  const size_t count = ended_ ? 0 : std::min(size, limit_ - in_.size());
  in_.append(bytes, count);
  fed_ += count;
  return count;
}

std::string Memory::take(size_t most) {
  std::lock_guard lock(mutex_);
  const size_t count = std::min(most, out_.size());
  std::string bytes(reinterpret_cast<const char*>(out_.front()), count);
  out_.consume(count);
  taken_ += bytes.size();
  return bytes;
}

void Memory::end() {
  std::lock_guard lock(mutex_);
  ended_ = true;
}

uint64_t Memory::fed() const {
  std::lock_guard lock(mutex_);
  return fed_;
}

uint64_t Memory::taken() const {
  std::lock_guard lock(mutex_);
  return taken_;
}

}  // namespace lwspool::bio
