// What the holder of a lease, or a process that was given its descriptor, can change of the socket
// itself: for all who have it, and for longer than the lease. The worker's own reads and writes
// wait for nothing, whatever the flags; the rest is put right here. Any thread; the caller sees to
// it that the descriptor stays.
#pragma once

namespace lwspool {

// Where a lease ends: calls do not wait (O_NONBLOCK), and nobody is sent signals (O_ASYNC).
void restoreFlags(int fd);

// Before the socket is closed: with a time in SO_LINGER close(2) would wait, also for those that
// never wait. Without it the kernel sends what is unsent all the same. A linger of 0, with which it
// resets, stays; the answer is whether it is set.
bool stopLingering(int fd);

}  // namespace lwspool
