/* Who wants leases: the main thread, or a handler in the worker. A handler shares the worker's
   thread, so it can do less at once than here, where everybody runs whenever he likes. */

/* An event for a request that nobody waits for any more: what it brings is given back. */
inline giveBack(generationOfLease, tokenOfLease) {
  if
  :: kind == exclusive && !BROKEN(CANCELLED_IS_KEPT) ->
     release(tokenOfLease, generationOfLease, news)
  :: kind == shared -> releaseShared(generationOfLease, news)
  :: HANDED -> atomic { handOver(kind, generationOfLease, tokenOfLease) }
  :: else                         /* BROKEN() alone */
  fi
}

/* What the holder of the exclusive lease does, under the lock and only if it still is the holder. */
inline operation() {
  atomic {
#if !BROKEN(OPERATION_WITHOUT_LOCK)
    lock();
#endif
    mayUse = (cell.right == holder && cell.token == token) || BROKEN(OPERATION_WITHOUT_CHECK);
    if
    :: mayUse -> beginTouch(token, generation)
    :: else -> unlock()
    fi
  }
  if
  :: mayUse ->
     atomic {
       endTouch();
       mayUse = false;
       if
       :: readOnce(TLS)
       :: TAINT -> connection.tainted = true
       fi;
       unlock()
     }
  :: else
  fi
}

/* Takes the descriptor away for good. The poll set knows open files, not numbers: once the number
   names something else the worker could not remove it, so it is removed here. */
inline detach() {
  atomic {
    lock();
    mayUse = cell.right == holder && cell.token == token && !connection.tainted &&
             (cell.pins == 0 || BROKEN(DETACH_IGNORES_PINS));
    if
    :: mayUse ->
       cell.right = detached;
       connection.polled = BROKEN(DETACHED_STAYS_POLLED)
    :: else
    fi;
    unlock()
  }
  if
  :: mayUse ->
     atomic { pushNews(generation) };
     /* From now on without the lock: it is nobody else's. */
     atomic {
       if
       :: connection.alive && owner == token -> beginTouch(token, generation)
       :: else -> mayUse = false  /* the worker has forgotten it already */
       fi
     }
     if
     :: mayUse -> endTouch()
     :: else
     fi
  :: else -> release(token, generation, news)
  fi
}

proctype Requester(byte me; mtype kind) {
  mtype answer;
  byte generation, request, token, itsGeneration, itsRequest, itsToken;
  bool mayUse, news, patient, unwanted;

  do
  :: request < ROUNDS || (ENDLESS && kind == shared) ->
     atomic {
       /* Of an endless number of requests the last two are told apart. */
       request = (ENDLESS && kind == shared -> 1 - request : request + 1);
       generation = current       /* and it may be an old one before it is used */
     }
     take(kind, generation, answer, token);
     if
     :: answer == waiting ->
        atomic {
          push(lease, generation, kind, me, request);
          asking = asking + (kind == exclusive -> 1 : 0);
          answer = 0;
          if
          :: patient = true
          :: CANCEL -> patient = false
          fi
        }
        do
        :: answer == 0 && nempty(events[me]) ->
           if
           :: atomic { events[me]?leased(itsGeneration, itsRequest, itsToken) ->
                if
                :: itsRequest == request && itsGeneration == generation ->
                   token = itsToken;
                   answer = given
                :: else -> unwanted = true
                fi
              }
              if
              :: unwanted -> giveBack(itsGeneration, itsToken)
              :: else
              fi
           :: atomic { events[me]?closed(itsGeneration, _, _) ->
                if
                :: itsGeneration == generation -> answer = refused
                :: else
                fi
              }
           fi;
           atomic { unwanted = false; itsGeneration = 0; itsRequest = 0; itsToken = 0 }
        :: answer == 0 && !patient ->
           atomic { push(cancelLease, generation, kind, me, request); answer = refused }
        :: answer != 0 -> break
        od;
        atomic { asking = asking - (kind == exclusive -> 1 : 0); patient = false }
     :: else
     fi;
     if
     :: answer == given && kind == exclusive ->
        if
        :: PINS > 0 -> pin(0)
        :: true
        fi;
        if
        :: PINS > 1 -> pin(1)
        :: true
        fi;
        if
        :: operation()
        :: true
        fi;
        if
        :: release(token, generation, news)
        :: HANDED -> atomic { handOver(exclusive, generation, token) }
        :: DETACH -> detach()
        fi
     :: answer == given && kind == shared ->
        /* What an observer may do needs the lock and the same generation. */
        if
        :: ENDLESS -> wantsLock = wantsLock | (1 << me)
        :: !ENDLESS ->
           atomic {
             lock();
             mayUse = cell.generation == generation && cell.right == worker;
             if
             :: mayUse -> beginTouch(0, generation)
             :: else -> unlock()
             fi
           }
           if
           :: mayUse -> atomic { endTouch(); mayUse = false; unlock() }
           :: else
           fi
        fi;
        if
        :: releaseShared(generation, news)
        :: HANDED -> atomic { handOver(shared, generation, 0) }
        fi
     :: else
     fi;
     atomic { token = 0; mayUse = false; answer = 0 }
  :: else -> break
  od;

  /* Nothing more is asked for; what still comes is handled. */
end:
  do
  :: atomic { events[me]?leased(itsGeneration, itsRequest, itsToken) };
     giveBack(itsGeneration, itsToken);
     atomic { itsGeneration = 0; itsRequest = 0; itsToken = 0 }
  :: events[me]?closed(_, _, _)
  od
}
