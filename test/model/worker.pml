/* The worker's thread. What it does, it does in any order: whatever a turn of the loop can be. */

/* Requests in the order in which they came. The worker alone sees them. */
chan wishes = [REQUESTERS] of { mtype, byte /* who */, byte /* request */ };

#define FRONT_EXCLUSIVE (wishes?[exclusive, _, _])
#define FRONT_SHARED (wishes?[shared, _, _])

/* Under the lock. Grants from the front what can be granted; then sets or lifts the barrier. */
inline grantWishes() {
  do
  :: FRONT_SHARED && (cell.right == worker) ->
     wishes?shared(who, request);
     cell.wishes--;
     grantShared();
     tell(who, leased, cell.generation, request, 0)
  :: FRONT_EXCLUSIVE &&
     (cell.right == worker && cell.observers == 0 && cell.whole && !cell.closing) ->
     wishes?exclusive(who, request);
     cell.wishes--;
     grantExclusive(token);
     /* What the barrier holds back nobody else remembers. */
     cell.work = connection.out > 0 && !BROKEN(GRANT_FORGETS_QUEUE);
     tell(who, leased, cell.generation, request, token);
     token = 0
  :: else -> break
  od;
  if
  :: FRONT_EXCLUSIVE &&
     (cell.right == worker && !BROKEN(NO_BARRIER) &&
         (cell.observers == 0 || BROKEN(BARRIER_BEFORE_OBSERVERS_LEFT)) &&
         (!cell.closing || BROKEN(BARRIER_WHILE_CLOSING))) ->
     if
     :: !connection.held -> connection.held = true; connection.before = connection.out
     :: else
     fi
  :: else ->
     /* The rest may go on; nothing else would bring the worker back to it. */
     if
     :: connection.held && connection.out > 0 && cell.right == worker -> connection.dirty = true
     :: else
     fi;
     connection.held = false;
     connection.before = 0
  fi;
  who = 0;
  request = 0
}

/* The worker serves a connection: whatever uses descriptor, SSL object or decoder is inside. */
inline use(poll) {
  lock();
  mayUse = cell.right == worker;
  if
  :: mayUse ->
     assert(!connection.tainted);
     beginTouch(0, cell.generation)
  :: else ->
     cell.work = !BROKEN(USE_FORGETS_WORK);
     if
     :: poll && !BROKEN(NEVER_PARKED) -> connection.polled = false; connection.parked = true
     :: else
     fi;
     unlock()
  fi
}

/* One unit comes in; a TLS record may hold another that OpenSSL keeps. */
inline readOnce(pendingPossible) {
  if
  :: connection.pending -> connection.pending = false
  :: !connection.pending && connection.inbound > 0 -> connection.inbound--
  :: !connection.pending && connection.inbound > 1 && pendingPossible ->
     connection.inbound = connection.inbound - 2;
     connection.pending = true
  :: else
  fi
}

/* Writes all it may, or less where the kernel takes no more. With a barrier: up to there. */
#define HELD (connection.held && cell.observers == 0)
#define ALLOWED (HELD -> connection.before : connection.out)
inline flush() {
  if
  :: written = ALLOWED
  :: ALLOWED > 1 -> written = 1
  :: ALLOWED > 2 -> written = 2
  fi;
  connection.wantWrite = written < ALLOWED;
  connection.out = connection.out - written;
  connection.before = (connection.before > written -> connection.before - written : 0);
  written = 0;
  connection.dirty = false;
  cell.whole = connection.out % 2 == 0
}

/* Under the lock, right == worker again: what was left undone is done. */
inline resume() {
  cell.work = false;
  if
  :: connection.parked && !BROKEN(STAYS_PARKED) ->
     connection.parked = false;
     connection.polled = true
  :: else
  fi;
  connection.toBeRead = connection.pending;
  connection.dirty = connection.out > 0;
  grantWishes()
}

/* Under the lock: nobody has any right any more. */
inline revoke() {
  /* It can remove only what the number still names. */
  connection.polled = connection.polled && cell.right == detached;
  cell.right = nobody;
  cell.token = 0;
  cell.pins = 0;
  cell.observers = 0;
  cell.wishes = 0;
  cell.work = false;
  owner = 0;
  finishing = false;
  watchers = 0;
  do
  :: wishes?_, _, _
  :: empty(wishes) -> break
  od;
  connection.alive = false;
  connection.parked = false;
  connection.wantWrite = false;
  connection.dirty = false;
  connection.toBeRead = false;
  connection.held = false;
  connection.before = 0;
  connection.out = 0;
  connection.inbound = 0;
  connection.pending = false;
  connection.tainted = false
}

/* Without the lock: the event that ends what requesters wait for, and lets the slot be reused. */
inline tellClosed() {
  atomic {
    who = 0;
    do
    :: who < REQUESTERS && !BROKEN(CLOSED_IS_NOT_TOLD) ->
       tell(who, closed, cell.generation, 0, 0);
       who++
    :: else -> break
    od;
    who = 0;
    slotFree = true
  }
}

/* The end of the connection, for whatever reason. A holder that is at it ends first: he has the
   lock. What was detached is another's: it is forgotten and not touched. */
inline finish() {
#if BROKEN(FINISH_WITHOUT_LOCK)
  atomic {
    mayUse = true;
#else
  atomic {
    lock();
    mayUse = cell.right != detached || BROKEN(FINISH_TOUCHES_DETACHED);
#endif
    if
    :: mayUse ->
       owner = (cell.right == detached -> owner : 0);
       finishing = true;
       beginTouch(0, cell.generation)
    :: else
    fi
  }
  atomic {
    if
    :: mayUse -> endTouch(); mayUse = false
    :: else
    fi;
    revoke();
    unlock()
  }
  tellClosed()
}

/* kDrainPatience is over: the thread of the ring is stuck. */
#define IMPATIENT (cell.right == draining && !BROKEN(DRAIN_WITHOUT_PATIENCE))

active proctype Worker() {
  bool mayUse, again, news;
  byte who, request, token, written, generation, me;
  mtype kind;

end:
  do
  /* The poller, level-triggered. What it said of writing is flushed in the same turn. */
  :: connection.polled &&
     (connection.inbound > 0 || (connection.wantWrite && !connection.dirty)) ->
     /* Between the event and the lock anything may happen. */
     atomic { use(true) };
     if
     :: mayUse ->
        atomic {
          endTouch();
          mayUse = false;
          readOnce(TLS);
          connection.toBeRead = connection.pending;
          if
          :: connection.wantWrite -> connection.dirty = true
          :: else
          fi;
          grantWishes();
          unlock()
        }
     :: else
     fi

  /* Bytes that OpenSSL holds. */
  :: atomic { connection.toBeRead -> connection.toBeRead = false; use(false) };
     if
     :: mayUse ->
        atomic {
          endTouch();
          mayUse = false;
          readOnce(false);
          grantWishes();
          unlock()
        }
     :: else
     fi

  /* What was queued. */
  :: atomic { connection.dirty -> connection.dirty = false; use(false) };
     if
     :: mayUse ->
        atomic {
          endTouch();
          mayUse = false;
          flush();
          again = cell.closing && connection.out == 0;
          grantWishes();
          unlock()
        }
        if
        :: again -> again = false; finish()  /* the peer's answer came */
        :: else
        fi
     :: else
     fi

  /* Commands, in order. Those that name no living connection are dropped. */
  :: atomic { commands?LeaseNews(generation, _, _, _) ->
       if
       :: connection.alive && generation == cell.generation ->
          lock();
          if
          :: cell.right == detached -> again = true
          :: cell.right == returned && connection.tainted -> again = true
          :: (cell.right == returned && !connection.tainted) ||
             (cell.right != detached && BROKEN(NEWS_ALWAYS_RETURNS)) ->
             cell.right = worker;
             resume()
          :: else -> grantWishes()  /* an observer's, or older than the last grant */
          fi;
          unlock()
       :: else
       fi;
       generation = 0
     }
     if
     :: again -> again = false; finish()
     :: else
     fi

  /* A lease whose holder did not get the lock: the worker ends it instead. */
  :: commands?LeaseReturn(generation, kind, _, token) ->
     if
     :: kind == exclusive && !BROKEN(HANDED_IS_LOST) -> release(token, generation, news)
     :: kind == shared && !BROKEN(HANDED_IS_LOST) -> releaseShared(generation, news)
     :: else                      /* BROKEN() alone */
     fi;
     atomic { generation = 0; kind = 0; token = 0 }

  :: atomic { commands?lease(generation, kind, who, request) ->
       if
       :: connection.alive && generation == cell.generation ->
          lock();
          wishes!kind(who, request);
          cell.wishes++;
          if
          :: !BROKEN(LEASE_IS_NOT_TRIED) -> grantWishes()
          :: else
          fi;
          unlock()
       :: else
       fi;
       generation = 0; who = 0; request = 0; kind = 0
     }

  :: atomic { commands?cancelLease(generation, kind, who, request) ->
       if
       :: wishes??[eval(kind), eval(who), eval(request)] &&
          (connection.alive && generation == cell.generation) ->
          lock();
          wishes??eval(kind), eval(who), eval(request);
          cell.wishes--;
          grantWishes();
          unlock()
       :: else                    /* granted or closed meanwhile: the event is on its way */
       fi;
       generation = 0; who = 0; request = 0; kind = 0
     }

  :: atomic { commands?sendMessage(_, _, _, _) ->
       if
       :: connection.alive && !cell.closing ->
          connection.out = connection.out + 2;
          connection.dirty = true
       :: else
       fi
     }

  :: atomic { commands?closeIt(_, _, _, _) ->
       if
       :: connection.alive ->
          lock();
          cell.closing = true;
          connection.out = connection.out + 2;  /* the close frame */
          connection.dirty = true;
          grantWishes();
          unlock()
       :: else
       fi
     }

  :: atomic { commands?terminate(_, _, _, _) -> again = connection.alive };
     if
     :: again -> again = false; finish()
     :: else
     fi

  /* The slot's next connection. */
  :: atomic { commands?connect(generation, _, _, _) ->
       lock();
       cell.generation = generation;
       cell.right = worker;
       cell.whole = true;
       cell.closing = false;
       cell.lastToken = (BROKEN(TOKENS_START_AGAIN) -> 0 : cell.lastToken);
       connection.alive = true;
       connection.polled = true;
       current = generation;
       generation = 0;
       unlock()
     }

  /* maxHold is over, or the patience with what is still in flight then. The same verdict as a
     release, with nobody to wake. */
  :: EXPIRE && (cell.right == holder || IMPATIENT) ->
     atomic {
       lock();
       if
       :: cell.right == holder && cell.pins > 0 && !BROKEN(RELEASE_IGNORES_PINS) ->
          cell.right = draining;
          cell.work = true        /* it comes back through leaseNews() */
       :: (cell.right == holder && (cell.pins == 0 || BROKEN(RELEASE_IGNORES_PINS))) || IMPATIENT ->
          if
          :: IMPATIENT && !BROKEN(DRAIN_WITHOUT_TAINT) -> connection.tainted = true
          :: else
          fi;
          settle(cell.token, connection.tainted);
          if
          :: connection.tainted -> again = true
          :: else -> resume()
          fi
       :: else                    /* released meanwhile */
       fi;
       unlock()
     }
     if
     :: again -> again = false; finish()
     :: else
     fi

  /* The worker crashes, or is torn down: revokeAll, and then its memory goes. */
  :: crash ->
     freed = BROKEN(FREED_BEFORE_REVOKED);
     atomic { lock(); revoke(); unlock() }
     freed = true;
     tellClosed();
     break
  od
}
