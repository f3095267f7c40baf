import { type ProxyOptions, type Proxy as StartedProxy, startProxy } from "../start-proxy.ts";
import { startFollower } from "./start-follower.ts";

/** A proxy that is one process, the first of several, or another of them. Throws as `startProxy` does. */
export async function startWorker(options: ProxyOptions): Promise<StartedProxy> {
  const { worker } = options.bootstrap;
  return worker === undefined || worker.index === 0
    ? await startProxy(options)
    : startFollower(options, worker);
}
