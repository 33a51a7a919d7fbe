// Writes down which messages of TLS pass, by type and length: handshakes, tickets, key updates and
// alerts, both ways; nothing of what they hold. OpenSSL calls on whatever thread uses the object.
#pragma once

#include <openssl/types.h>

namespace lwspool {

struct Recorded;

// While it is being opened the worker alone uses the object, without the slot's lock: Lock::take.
// Once it is established, whoever uses it holds that lock.
enum class Lock : unsigned char { take, held };
void watchTls(SSL*, Recorded&, Lock);
// Before somebody may use the object without the lock, or after the cell is another connection's.
void unwatchTls(SSL*);

}  // namespace lwspool
