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

/** What is left to do for something that is over: nobody outside waits for it. */
export interface Settling {
  settle(): void;
}

let waiting: Flushable[] = [];
let flushing: Flushable[] = [];
const over: Settling[] = [];
let isScheduled = false;
let isFlushing = false;

/** Calls `flush` once when the sockets that are readable now have been served. The caller asks once per turn. */
export function flushAtEndOfTurn(target: Flushable): void {
  waiting.push(target);
  if (!isScheduled) schedule();
}

/** Calls `settle` once in this turn, after everything was handed to the kernel: whoever gets that is at work meanwhile. */
export function settleAfterFlush(target: Settling): void {
  over.push(target);
  if (!isScheduled && !isFlushing) schedule();
}

/** Everything that waits for the end of this turn has been done. */
export function turnEnded(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve)); // these come in order
}

function schedule(): void {
  isScheduled = true;
  setImmediate(flushAll);
}

function flushAll(): void {
  turn.number++;
  turn.isEnding = true;
  isScheduled = false;
  isFlushing = true;
  const targets = waiting;
  waiting = flushing;
  flushing = targets;
  try {
    for (const target of targets) target.flush();
  } finally {
    targets.length = 0;
    queueMicrotask(endTurn);
    settleAll();
    isFlushing = false;
  }
}

function settleAll(): void {
  for (let at = 0; at < over.length; at++) over[at]?.settle();
  over.length = 0;
}

function endTurn(): void {
  turn.isEnding = false;
  turn.number++;
}
