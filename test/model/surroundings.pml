/* What goes on around: the peer, the main thread's other commands, the end of connections. */

active proctype Surroundings() {
  byte units, sends;
  bool over;

end:
  do
  :: units < UNITS && connection.alive -> atomic { units++; connection.inbound++ }
  :: sends < SENDS -> atomic { sends++; push(sendMessage, 0, shared, 0, 0) }
  :: ENDLESS && SENDS && connection.out < 3 && empty(commands) ->
     atomic { push(sendMessage, 0, shared, 0, 0) }
  /* One end, at any time, or none. */
  :: CLOSE && !over -> atomic { over = true; push(closeIt, 0, shared, 0, 0) }
  :: TERMINATE && !over -> atomic { over = true; push(terminate, 0, shared, 0, 0) }
  :: CRASH && !over -> atomic { over = true; crash = true }
  :: (CLOSE || TERMINATE || CRASH) && !over -> over = true
  od
}

/* The main thread lets the slot be used again once it has been told that it is free. */
active proctype Slots() {
end:
  if
  :: REUSE && slotFree && !freed -> atomic { slotFree = false; push(connect, 2, shared, 0, 0) }
  fi
}

/* When nothing moves any more: everything that came has been served and everybody is done. */
active proctype Rest() {
end:
  timeout;
  assert(cell.mutex == false && touching == 0);
  if
  :: connection.alive ->
     assert(connection.inbound == 0 && !connection.pending && connection.out == 0);
     assert(cell.right == worker && owner == 0);
     assert(cell.pins == 0);
     assert(cell.observers == 0 && watchers == 0 && cell.wishes == 0 && empty(wishes));
     assert(!cell.work && connection.polled && !connection.parked)
  :: else ->
     assert(cell.right == nobody && cell.token == 0 && cell.observers == 0 && cell.pins == 0);
     assert(!connection.polled)
  fi;
  assert(asking == 0)
}

init {
  byte n;
  atomic {
    do
    :: n < EXCLUSIVES -> run Requester(n, exclusive); n++
    :: n >= EXCLUSIVES && n < REQUESTERS -> run Requester(n, shared); n++
    :: n == REQUESTERS -> break
    od;
    n = 0;
    do
    :: n < PINS -> run Ring(n); n++
    :: else -> break
    od
  }
}

/* Whoever asks for the exclusive lease gets an answer, whatever the others go on doing. A lock that
   always passes over the same thread would be the fault of the lock: that is left out. */
#if ENDLESS
#define PASSED_OVER(who) (<> [] ((wantsLock >> who) & 1))
#define ANSWERED ([] (asking > 0 -> <> (asking == 0)))
#if SHAREDS == 1
ltl answered { ANSWERED || PASSED_OVER(1) }
#else
ltl answered { ANSWERED || PASSED_OVER(1) || PASSED_OVER(2) }
#endif
#endif
