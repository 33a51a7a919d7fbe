/* Operations of rings: begun under an exclusive lease, and from then on the kernel's. It takes no
   lock, and knows neither leases nor slots: it uses the socket whenever it likes. */

typedef Operation {
  byte token;                     /* of the lease that it is pinned under; 0: not in flight */
  byte generation
}
Operation operations[2];

/* The holder begins one, under the lock and only if he still is the holder. */
inline pin(n) {
  atomic {
    lock();
    if
    :: cell.right == holder && cell.token == token && cell.generation == generation &&
       operations[n].token == 0 ->  /* or an older one is still in flight */
       cell.pins++;
       operations[n].token = token;
       operations[n].generation = generation
    :: else
    fi;
    unlock()
  }
}

/* The operation still counts. */
#define PINNED(n) \
  ((cell.right == holder || cell.right == draining) && \
   ((cell.generation == operations[n].generation && cell.token == operations[n].token) \
    || BROKEN(UNPIN_IGNORES_LEASE)))

/* Any thread: it is over. The last one settles a lease that was given back. */
inline unpin(n) {
  atomic {
    lock();
    if
    :: PINNED(n) ->
       if
       :: abandoned -> connection.tainted = true
       :: else
       fi;
       assert(cell.pins > 0);
       cell.pins--;
       if
       :: cell.pins == 0 && cell.right == draining ->
          news = NEEDS_WORKER;
          settle(operations[n].token, news);
          news = news && !BROKEN(UNPIN_FORGETS_NEWS)
       :: else
       fi
    :: else                       /* late: the connection has ended, or is about to */
    fi;
    unlock()
  }
  if
  :: news -> atomic { pushNews(operations[n].generation); news = false }
  :: else
  fi
}

/* The kernel moves bytes. What it holds is the socket and not its number: when the connection has
   ended nobody else is reached by that. While it lives, nobody else may be at it, unless the worker
   will do nothing more with it than end it. */
inline move(n) {
  atomic {
    if
    :: connection.alive && operations[n].generation == current ->
       assert(cell.right != detached);
       assert(owner == operations[n].token || (owner == 0 && (connection.tainted || finishing)));
       if
       :: connection.inbound > 0 -> connection.inbound--
       :: else
       fi
    :: else
    fi
  }
}

/* One operation at a time, of whatever lease, with the thread that takes its completion. */
proctype Ring(byte n) {
  bool news, abandoned;

end:
  do
  :: operations[n].token != 0 ->
     if
     :: move(n)
     :: true                      /* cancelled */
     fi;
     if
     :: true
     :: TAINT -> abandoned = true  /* the ring goes before the kernel is done */
     :: EXPIRE -> break           /* the thread is stuck: there will be no completion */
     fi;
     unpin(n);
     if
     :: abandoned -> move(n); abandoned = false
     :: else
     fi;
     atomic { operations[n].token = 0; operations[n].generation = 0 }
  od
}
