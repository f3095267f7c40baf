// How workers of one proxy write to each other: through their parent, which reads who is meant and hands the rest on
// as it is. `@1 {…}` on a worker's output goes to worker 1, `@* {…}` to all others; on their input it says who wrote.

export interface RelayLine {
  /** Undefined: all. From the parent: who wrote. */
  readonly worker: number | undefined;
  readonly body: string;
}

/** Undefined: the line is something else. */
export function readRelayLine(line: string): RelayLine | undefined {
  if (!line.startsWith("@")) return undefined;
  const space = line.indexOf(" ");
  if (space === -1) return undefined;
  const name = line.slice(1, space);
  const worker = name === "*" ? undefined : Number(name);
  if (worker !== undefined && !Number.isInteger(worker)) return undefined;
  return { worker, body: line.slice(space + 1) };
}

/** With its end. */
export function relayLine(worker: number | undefined, body: string): string {
  return `@${worker ?? "*"} ${body}\n`;
}
