/* The protocol by which a connection's descriptor goes from its worker to other threads and back,
   for spin. native/core/lease/ is what it describes; the names are the same.

   One slot, one worker, a few requesters, a peer, and whatever ends connections. How much of each
   is said by macros; the runs of test/model/runs.mjs set them. Every search is exhaustive. */

/* How much there is of what. */
#ifndef EXCLUSIVES
#define EXCLUSIVES 1              /* requesters of the exclusive lease */
#endif
#ifndef SHAREDS
#define SHAREDS 0                 /* requesters of the shared lease */
#endif
#ifndef ROUNDS
#define ROUNDS 1                  /* leases that each asks for */
#endif
#ifndef UNITS
#define UNITS 0                   /* that the peer sends */
#endif
#ifndef SENDS
#define SENDS 0                   /* messages that the main thread sends */
#endif
/* What can happen. */
#ifndef TLS
#define TLS 0                     /* OpenSSL may hold back what it has read */
#endif
#ifndef CANCEL
#define CANCEL 0                  /* who waits may give up */
#endif
#ifndef EXPIRE
#define EXPIRE 0                  /* a lease may last too long */
#endif
#ifndef TAINT
#define TAINT 0                   /* a holder may break the stream */
#endif
#ifndef PINS
#define PINS 0                    /* operations of rings that a holder may begin: up to 2 */
#endif
#ifndef HANDED
#define HANDED 0                  /* the worker may keep the lock, and is left the end of a lease */
#endif
#ifndef DETACH
#define DETACH 0                  /* a holder may take the descriptor away */
#endif
#ifndef CLOSE
#define CLOSE 0                   /* close() */
#endif
#ifndef TERMINATE
#define TERMINATE 0               /* terminate(), or the time for closing is over */
#endif
#ifndef CRASH
#define CRASH 0                   /* the worker goes */
#endif
#ifndef REUSE
#define REUSE 0                   /* the slot gets another connection */
#endif
#ifndef ENDLESS
#define ENDLESS 0                 /* shared leases and sends without end: may they starve others? */
#endif

#define REQUESTERS (EXCLUSIVES + SHAREDS)
/* Commands on their way: what the bounds above allow, or where there are none what will do. */
#if ENDLESS
#define ROOM 4
#else
#define ROOM 14
#endif

/* Rules that can be broken, to see that breaking each one is found: -DBREAK=<name>. */
#define TAKE_IGNORES_OBSERVERS 1
#define TAKE_IGNORES_WHOLE 2
#define TAKE_IGNORES_WISHES 3
#define RELEASE_WITHOUT_LOCK 4
#define RELEASE_IGNORES_WORK 5
#define RELEASE_IGNORES_PENDING 6
#define RELEASE_IGNORES_WISHES 7
#define RELEASE_IGNORES_TAINT 8
#define RELEASE_IGNORES_TOKEN 9
#define OBSERVER_IGNORES_GENERATION 10
#define NO_NEWS_FROM_OBSERVER 11
#define USE_FORGETS_WORK 12
#define NEVER_PARKED 13
#define STAYS_PARKED 14
#define GRANT_FORGETS_QUEUE 15
#define NO_BARRIER 16
#define BARRIER_BEFORE_OBSERVERS_LEFT 17
#define BARRIER_WHILE_CLOSING 18
#define NEWS_ALWAYS_RETURNS 19
#define LEASE_IS_NOT_TRIED 20
#define CANCELLED_IS_KEPT 21
#define CLOSED_IS_NOT_TOLD 22
#define FINISH_WITHOUT_LOCK 23
#define FINISH_TOUCHES_DETACHED 24
#define FREED_BEFORE_REVOKED 25
#define OPERATION_WITHOUT_CHECK 26
#define OPERATION_WITHOUT_LOCK 27
#define DETACHED_STAYS_POLLED 28
#define TOKENS_START_AGAIN 29
#define RELEASE_IGNORES_PINS 30
#define UNPIN_FORGETS_NEWS 31
#define UNPIN_IGNORES_LEASE 32
#define DRAIN_WITHOUT_PATIENCE 33
#define DRAIN_WITHOUT_TAINT 34
#define DETACH_IGNORES_PINS 35
#define HANDED_IS_LOST 36
#ifndef BREAK
#define BREAK 0
#endif
#define BROKEN(rule) (BREAK == rule)

bool crash;                       /* the worker has to go */
bool slotFree;                    /* the main thread has been told that the connection is closed */
byte asking;                      /* requests for the exclusive lease that have no end yet */

#include "cell.pml"
#include "worker.pml"
#include "ring.pml"
#include "requester.pml"
#include "surroundings.pml"
