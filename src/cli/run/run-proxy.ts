import { startWorker } from "#proxy/workers/start-worker.ts";
import { runProxyProcess } from "./run-proxy-process.ts";

export function runProxy(): Promise<void> {
  return runProxyProcess(startWorker);
}
