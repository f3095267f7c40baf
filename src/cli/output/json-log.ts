import type { Log, LogFields } from "#core/log.ts";

/** pino's line format without pino, whose loading a proxy would pay for in every process. `debug` is left out. */
export function jsonLog(write: (line: string) => void): Log {
  const line = (level: number) => (fields: LogFields, msg: string) =>
    write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg })}\n`);
  return { debug: () => undefined, info: line(30), warn: line(40), error: line(50) };
}
