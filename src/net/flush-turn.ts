// Everything that was written during one turn of the event loop is handed to the kernel at its end, once per socket:
// answers of many streams on one connection then share a system call and a TLS record.

export interface Flushable {
  flush(): void;
}

/**
 * Another number for each event of a socket and each turn of the event loop: the time of `TurnClock`. While a turn
 * ends, the next number comes by itself, after what the flushes have queued as microtasks.
 */
export const turn = { number: 0, isEnding: false };

let waiting: Flushable[] = [];
let flushing: Flushable[] = [];

/** Calls `flush` once when the sockets that are readable now have been served. The caller asks once per turn. */
export function flushAtEndOfTurn(target: Flushable): void {
  if (waiting.push(target) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  turn.number++;
  turn.isEnding = true;
  const targets = waiting;
  waiting = flushing;
  flushing = targets;
  try {
    for (const target of targets) target.flush();
  } finally {
    targets.length = 0;
    queueMicrotask(endTurn);
  }
}

function endTurn(): void {
  turn.isEnding = false;
  turn.number++;
}
