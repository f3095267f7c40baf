import pino from "pino";
import type { Log } from "#core/log.ts";

/** Weft's own log, as JSON lines. Anything that looks like a credential is left out, whoever logs it. */
export function openLog(stream: NodeJS.WritableStream, level: pino.Level = "warn"): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ["token", "key", "secret", "password", "authorization"],
        censor: "[redacted]",
      },
    },
    stream,
  );
}
