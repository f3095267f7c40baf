/**
 * When collected writes go to the kernel: at the end of the callback in which they were made (or of the microtasks when
 * they were made elsewhere). Everything one callback of the event loop produced for a socket is one system call.
 */
export interface Flushable {
  flush(): void;
}

let depth = 0;
let isScheduled = false;
const dirty: Flushable[] = [];

/** Registers `transport` for the end of the turn. Once per turn: the caller remembers. */
export function flushLater(transport: Flushable): void {
  dirty.push(transport);
  if (depth > 0 || isScheduled) return;
  isScheduled = true;
  queueMicrotask(flushScheduled);
}

function flushScheduled(): void {
  isScheduled = false;
  if (depth === 0) flushAll();
}

/** Every callback of a socket begins with `beginTurn` and ends with `endTurn`, whatever it throws. */
export function beginTurn(): void {
  depth++;
}

export function endTurn(): void {
  if (--depth === 0 && dirty.length > 0) flushAll();
}

/** Flushing may tell receivers that there is room again, and they may write more. */
function flushAll(): void {
  depth++;
  for (let i = 0; i < dirty.length; i++) dirty[i]?.flush();
  dirty.length = 0;
  depth--;
}
