#include "method.h"

#include <openssl/bio.h>

#include <cerrno>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "chain.h"

namespace lwspool::bio {

namespace {

using Status = IoResult::Status;

// What a BIO of ours holds.
struct Holder {
  std::shared_ptr<Layer> layer;
  std::shared_ptr<Chain> chain;
  bool lowest = false;  // what lies below it is none of ours, and only those above it ever change
  bool ended = false;   // its last read was the end
};

Holder& holderOf(BIO* bio) { return *static_cast<Holder*>(BIO_get_data(bio)); }

}  // namespace

struct Method {
  // One call of OpenSSL's may go through several BIOs; what it came to is judged at the top.
  template <class Call>
  static IoResult within(const Holder& holder, uint32_t& retries, Call call) {
    Chain& chain = *holder.chain;
    if (chain.depth_++ == 0) {
      chain.asked_ = chain.moved_ = false;
      chain.culprit_ = nullptr;
    }
    IoResult result{Status::broken, 0, ENOMEM};
    try {
      result = call();
    } catch (const std::exception&) {
      // Nothing may be thrown through OpenSSL: this connection is lost.
    }
    // The one that lies lowest comes first.
    if (result.status == Status::again && chain.culprit_ == nullptr) {
      chain.culprit_ = holder.layer.get();
    }
    if (--chain.depth_ > 0) return result;
    if (result.status != Status::again || chain.asked_ || chain.moved_) {
      retries = 0;
      chain.last_ = nullptr;
      return result;
    }
    retries++;
    chain.last_ = &retries;
    chain.putOff_ = chain.opening;
    return result;
  }

  static int answer(BIO* bio, const IoResult& result, bool reading) {
    switch (result.status) {
      case Status::done:
        return static_cast<int>(result.bytes);
      case Status::again:
        if (reading) {
          BIO_set_retry_read(bio);
        } else {
          BIO_set_retry_write(bio);
        }
        errno = EAGAIN;
        return -1;
      case Status::ended:
      case Status::truncated:
        errno = 0;
        return 0;
      case Status::broken:
        break;
    }
    errno = result.error;
    return -1;
  }

  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    if (out == nullptr || size <= 0) return 0;
    Holder& holder = holderOf(bio);
    Below below(BIO_next(bio), holder.lowest, *holder.chain);
    const IoResult result = within(holder, holder.chain->readRetries_, [&] {
      return holder.layer->read(below, reinterpret_cast<uint8_t*>(out), static_cast<size_t>(size));
    });
    holder.ended = result.status == Status::ended;
    return answer(bio, result, true);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    if (bytes == nullptr || size <= 0) return 0;
    Holder& holder = holderOf(bio);
    Below below(BIO_next(bio), holder.lowest, *holder.chain);
    return answer(
        bio,
        take(holder, below, reinterpret_cast<const uint8_t*>(bytes), static_cast<size_t>(size)),
        false);
  }

  static IoResult pass(const Holder& holder, Below& below, const uint8_t* bytes, size_t size) {
    return within(holder, holder.chain->writeRetries_,
                  [&] { return holder.layer->write(below, bytes, size); });
  }

  static IoResult take(const Holder& holder, Below& below, const uint8_t* bytes, size_t size) {
    try {
      return takeOrKeep(holder, below, bytes, size);
    } catch (const std::exception&) {
      return {Status::broken, 0, ENOMEM};
    }
  }

  static IoResult takeOrKeep(const Holder& holder, Below& below, const uint8_t* bytes,
                             size_t size) {
    Chain& chain = *holder.chain;
    if (chain.depth_ > 0) return pass(holder, below, bytes, size);
    IoResult result = drain(holder, below);
    if (result.status == Status::done) result = pass(holder, below, bytes, size);
    // Where the kernel takes nothing, libwebsockets waits for it as it always does.
    if (result.status != Status::again || !chain.opening || chain.ownRetries() == 0) {
      return result;
    }
    chain.queue_.append(bytes, size);
    return {Status::done, size};
  }

  // At the top: what was kept for libwebsockets.
  static IoResult drain(const Holder& holder, Below& below) {
    OutBuffer& queue = holder.chain->queue_;
    while (!queue.empty()) {
      const IoResult result = pass(holder, below, queue.front(), queue.size());
      if (result.status == Status::broken) queue.clear();
      if (result.status != Status::done) return result;
      queue.consume(result.bytes);
    }
    return {Status::done};
  }

  static IoResult flush(const Holder& holder, Below& below) {
    Chain& chain = *holder.chain;
    if (chain.depth_ == 0) {
      const IoResult result = drain(holder, below);
      if (result.status == Status::again && chain.opening) return {Status::done};
      if (result.status != Status::done) return result;
    }
    return within(holder, chain.writeRetries_, [&] { return holder.layer->flush(below); });
  }

  static long control(BIO* bio, int command, long number, void* pointer) {
    Holder& holder = holderOf(bio);
    BIO* const next = BIO_next(bio);
    switch (command) {
      case BIO_CTRL_FLUSH: {
        BIO_clear_retry_flags(bio);
        Below below(next, holder.lowest, *holder.chain);
        const IoResult result = flush(holder, below);
        if (result.status != Status::done) return answer(bio, result, false);
        if (next == nullptr) return 1;
        const long below_ = BIO_ctrl(next, command, number, pointer);
        BIO_copy_next_retry(bio);
        return below_;
      }
      case BIO_CTRL_EOF:
        return holder.ended ? 1 : 0;
      case BIO_CTRL_PENDING:
      case BIO_CTRL_WPENDING: {
        const size_t own =
            command == BIO_CTRL_PENDING ? holder.layer->unread() : holder.layer->kept();
        return static_cast<long>(own) + (next != nullptr ? BIO_ctrl(next, command, 0, nullptr) : 0);
      }
      case BIO_CTRL_DUP:  // a second connection with the same state would be none
      case BIO_CTRL_PUSH:
      case BIO_CTRL_POP:
        return 0;
      default:
        return next != nullptr ? BIO_ctrl(next, command, number, pointer) : 0;
    }
  }

  static int destroy(BIO* bio) {
    delete static_cast<Holder*>(BIO_get_data(bio));
    BIO_set_data(bio, nullptr);
    return 1;
  }

  // Of the process; never freed, since no BIO may outlive it.
  static BIO_METHOD* instance() {
    static BIO_METHOD* const method = [] {
      const int number = BIO_get_new_index();
      BIO_METHOD* made =
          number < 0 ? nullptr : BIO_meth_new(number | BIO_TYPE_FILTER, "lws-pool layer");
      if (made == nullptr) return made;
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      BIO_meth_set_destroy(made, destroy);
      return made;
    }();
    return method;
  }
};

BIO* makeBio(std::shared_ptr<Layer> layer, std::shared_ptr<Chain> chain, BIO* below) {
  BIO_METHOD* const method = Method::instance();
  BIO* const bio = method != nullptr ? BIO_new(method) : nullptr;
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, new Holder{std::move(layer), std::move(chain), layerOf(below) == nullptr});
  BIO_set_init(bio, 1);
  return bio;
}

Layer* layerOf(BIO* bio) {
  const BIO_METHOD* const method = Method::instance();
  if (bio == nullptr || method == nullptr) return nullptr;
  return BIO_method_name(bio) == std::string_view("lws-pool layer") ? holderOf(bio).layer.get()
                                                                    : nullptr;
}

}  // namespace lwspool::bio
