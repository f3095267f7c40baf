// Everything that was written during one turn of the event loop is handed to the kernel at its end, once per socket:
// answers of many streams on one connection then share a system call and a TLS record.

export interface Flushable {
  flush(): void;
}

/** Another number for each event of a socket and each turn of the event loop: the time of `TurnClock`. */
export const turn = { number: 0 };

let waiting: Flushable[] = [];
let flushing: Flushable[] = [];

/** Calls `flush` once when the sockets that are readable now have been served. The caller asks once per turn. */
export function flushAtEndOfTurn(target: Flushable): void {
  if (waiting.push(target) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  turn.number++;
  const targets = waiting;
  waiting = flushing;
  flushing = targets;
  for (const target of targets) target.flush();
  targets.length = 0;
}
