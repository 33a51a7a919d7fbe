/* The LeaseCell of one connection's slot, and what any thread may do with it.

   Everything between lock() and unlock() is one critical section. Where it touches nothing but
   fields that the lock guards, it is one atomic step here: nobody could see the middle of it. A
   section that touches the descriptor or the SSL object is several steps, so that a thread that
   comes without the lock would be caught in the act. */

mtype = { nobody, worker, holder, draining, returned, detached };
mtype = { exclusive, shared };

typedef LeaseCell {
  bool mutex;                     /* guards all that follows */
  mtype right = worker;     /* who may use descriptor, SSL object and decoder */
  byte generation = 1;
  byte lastToken;                 /* grows for ever, over all connections of the slot */
  byte token;                     /* of the exclusive lease; 0: none */
  byte pins;                      /* operations of rings in flight under it */
  byte observers;                 /* shared leases */
  byte wishes;                    /* requests that wait in the worker */
  bool work;                      /* the worker found it leased and left something undone */
  bool whole = true;              /* no message is half-written */
  bool closing
}
LeaseCell cell;

/* The connection itself: kernel, OpenSSL, and what the worker keeps. Whoever `right` names uses it.
   A message that is to be sent has two halves, so that it can be half-written. */
typedef Connection {
  bool alive = true;              /* the worker knows it */
  byte inbound;                   /* units in the kernel's receive buffer */
  bool pending;                   /* OpenSSL holds a unit that no poller will report */
  byte out;                       /* halves of messages not written yet */
  bool polled = true;             /* in the poll set */
  bool parked;                    /* taken out of the poll set because of a lease */
  bool wantWrite;                 /* the poller tells when it is writable */
  bool dirty;                     /* in the worker's list of those to be flushed */
  bool toBeRead;                  /* in the worker's list of those with pending bytes */
  bool held;                      /* a barrier is set: an exclusive wish is to come between */
  byte before;                    /* halves in front of the barrier */
  bool tainted                    /* a holder broke the stream */
}
Connection connection;

/* To the worker: the queue with its wake-up. To each requester: its event log. */
mtype = { lease, cancelLease, LeaseNews, LeaseReturn, sendMessage, closeIt, terminate, connect };
mtype = { leased, closed };
chan commands = [ROOM] of { mtype, byte /* generation */, mtype, byte /* who */,
                          byte /* number of the request */ };
chan events[REQUESTERS] = [6] of { mtype, byte /* generation */, byte /* request */,
                                   byte /* token */ };
#define push(item, generation, mode, who, request) \
  assert(ENDLESS || nfull(commands)); commands!item(generation, mode, who, request)
#define pushNews(generation) push(LeaseNews, generation, shared, 0, 0)
#define handOver(kind, generation, token) push(LeaseReturn, generation, kind, 0, token)
#define tell(who, event, generation, request, token) \
  assert(nfull(events[who])); events[who]!event(generation, request, token)

/* Ghosts: known to the checks alone, and never asked by the protocol. */
byte touching;                    /* threads that touch the connection at this moment */
byte owner;                       /* token of the lease that was granted and is not over */
byte watchers;                    /* shared leases that were granted and are not over */
byte granted;                     /* the last token that was granted */
byte current = 1;                 /* generation of the newest connection in the slot */
byte wantsLock;                   /* bit by requester: an observer is about to end his lease */
bool finishing;                   /* the worker ends the connection, whoever is at it */
bool freed;                       /* the worker's memory is gone */

inline lock() { !cell.mutex; cell.mutex = true }
inline unlock() { cell.mutex = false }

/* Uses the descriptor or the SSL object: begins, and ends in another step. */
inline beginTouch(by, its) {
  touching++;
  assert(touching == 1);          /* never two at once */
  assert(owner == by);            /* nobody between another's grant and the end of his lease */
  assert(its == current);         /* an old name never reaches a new connection */
  assert(connection.alive && !freed)
}
inline endTouch() { touching-- }

inline grantExclusive(result) {
  assert(owner == 0 && watchers == 0);
  assert(connection.out % 2 == 0);  /* nothing half-written */
  cell.right = holder;
  cell.lastToken++;
  cell.token = cell.lastToken;
  result = cell.token;
  assert(result > granted);       /* tokens grow */
  granted = result;
  owner = result
}

inline grantShared() {
  assert(owner == 0);
  cell.observers++;
  watchers++
}

/* Any thread. `result` says what came of it. */
mtype = { given, refused, waiting };
inline take(wanted, its, result, itsLease) {
  atomic {
    lock();
    if
    :: cell.generation != its || cell.right == nobody || cell.right == detached ->
       result = refused           /* closed */
    :: else ->
       if
       :: wanted == exclusive && cell.right == worker &&
          (cell.observers == 0 || BROKEN(TAKE_IGNORES_OBSERVERS)) &&
          cell.wishes == 0 &&
          (cell.whole || BROKEN(TAKE_IGNORES_WHOLE)) && !cell.closing ->
          grantExclusive(itsLease);
          result = given
       :: wanted == shared && cell.right == worker &&
          (cell.wishes == 0 || BROKEN(TAKE_IGNORES_WISHES)) ->
          grantShared();
          result = given
       :: else -> result = waiting
       fi
    fi;
    unlock()
  }
}

/* What the end of an exclusive lease asks for: whether the worker has to do anything. */
#define NEEDS_WORKER \
  ((cell.work && !BROKEN(RELEASE_IGNORES_WORK)) \
   || (connection.pending && !BROKEN(RELEASE_IGNORES_PENDING)) \
   || (cell.wishes > 0 && !BROKEN(RELEASE_IGNORES_WISHES)) \
   || (connection.tainted && !BROKEN(RELEASE_IGNORES_TAINT)))

/* The right goes back, whether operations are in flight or not. */
inline settle(tokenOfLease, news) {
  owner = (owner == tokenOfLease -> 0 : owner);  /* another's: BROKEN() alone */
  cell.pins = 0;
  cell.token = 0;
  cell.right = (news -> returned : worker)
}

/* Any thread: the end of an exclusive lease. While operations are in flight the right stays away
   from everybody, and the last of them settles it. One that is over already changes nothing.
   `news` is the caller's own; the wake-up comes after the lock is free again. */
inline release(tokenOfLease, generationOfLease, news) {
#if BROKEN(RELEASE_WITHOUT_LOCK)
  news = NEEDS_WORKER;
  atomic {
#else
  atomic {
    lock();
    news = NEEDS_WORKER;
#endif
    if
    :: cell.right == holder && (cell.token == tokenOfLease || BROKEN(RELEASE_IGNORES_TOKEN)) ->
       if
       :: cell.pins > 0 && !BROKEN(RELEASE_IGNORES_PINS) -> cell.right = draining; news = false
       :: else -> settle(tokenOfLease, news)
       fi
    :: else -> news = false       /* late */
    fi;
    unlock()
  }
  if
  :: news -> atomic { pushNews(generationOfLease); news = false }
  :: else
  fi
}

/* Any thread: the end of a shared lease. While there are observers the right is the worker's. */
inline releaseShared(generationOfLease, news) {
  atomic {
    lock();
    if
    :: (cell.generation == generationOfLease || BROKEN(OBSERVER_IGNORES_GENERATION)) &&
       cell.right == worker ->
       assert(cell.observers > 0);
       cell.observers--;
       if
       :: generationOfLease == current -> watchers--
       :: else                    /* late, and let through: BROKEN() alone */
       fi;
       news = cell.observers == 0 && cell.wishes > 0 && !BROKEN(NO_NEWS_FROM_OBSERVER)
    :: else                       /* late: the connection was finished */
    fi;
    wantsLock = wantsLock & ~(1 << me);
    unlock()
  }
  if
  :: news -> atomic { pushNews(generationOfLease); news = false }
  :: else
  fi
}
