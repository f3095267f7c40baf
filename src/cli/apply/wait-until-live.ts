import type { Convergence } from "#control/liveness/convergence.ts";
import type { AppliedObject } from "#control/liveness/live-world.ts";
import type { ApiClient } from "../api/api-client.ts";
import { CliError } from "../cli-error.ts";
import { printable } from "../output/printable.ts";

export interface Waited {
  readonly convergence: Convergence;
  readonly ms: number;
}

/** The API answers at the deadline; it may take a moment to. */
const graceMs = 5_000;

/** Returns when every affected proxy has acknowledged. Throws CliError `findings` when one refuses, `failed` at the deadline. */
export async function waitUntilLive(
  api: ApiClient,
  objects: readonly AppliedObject[],
  timeoutMs: number,
): Promise<Waited> {
  const startedAt = performance.now();
  const { body } = await api.request("POST", "/weft/v1/wait", {
    body: { objects, timeoutMs },
    timeoutMs: timeoutMs + graceMs,
  });
  const convergence = body as Convergence;
  const ms = performance.now() - startedAt;
  const { rejections, done, acknowledged, affected } = convergence;
  if (rejections.length > 0) {
    const lines = rejections
      .map(({ proxy, reason }) => printable(`${proxy}: ${reason}`))
      .join("\n  ");
    throw new CliError(
      "findings",
      "a proxy refused the configuration and keeps what it had",
      lines,
    );
  }
  if (done) return { convergence, ms };
  throw new CliError(
    "failed",
    `after ${(ms / 1_000).toFixed(1)} s only ${acknowledged} of ${affected} affected proxies have acknowledged`,
    "weft proxies shows which have not",
  );
}
