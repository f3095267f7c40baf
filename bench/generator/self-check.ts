// Does the open-loop generator see what it is there to see? A server is stopped for 100 ms under it.
import type { Backend } from "../backend/start-backend.ts";
import { pin } from "../lab/cores.ts";
import type { Lab } from "../lab/lab.ts";
import { type FixedRateResult, runFixedRate } from "./fixed-rate.ts";

const PAUSE_MS = 100;
const load = { rate: 1_000, connections: 16, seconds: 2 };

/** Throws when a pause of the server does not show in the latencies of all the requests that were due in it. */
export async function checkThatPausesShow(lab: Lab, backend: Backend): Promise<FixedRateResult> {
  const { pid } = backend.process;
  pin(pid, "proxies");
  const [result] = await Promise.all([
    runFixedRate(lab, { port: backend.port, ...load }),
    pauseInTheMiddle(pid),
  ]);
  // Due in the first half of the pause: each waited for more than 50 ms. A closed loop would have sent 16 requests only.
  const expected = (load.rate * (PAUSE_MS - 50)) / 1_000;
  if (result.maxUs < PAUSE_MS * 900 || result.over50Ms < expected * 0.8)
    throw new Error(
      `the generator missed a pause of ${PAUSE_MS} ms: slowest ${result.maxUs} µs, ` +
        `${result.over50Ms} requests over 50 ms, expected about ${expected}`,
    );
  return result;
}

async function pauseInTheMiddle(pid: number): Promise<void> {
  await Bun.sleep(load.seconds * 500);
  process.kill(pid, "SIGSTOP");
  try {
    await Bun.sleep(PAUSE_MS);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
