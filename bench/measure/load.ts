import { type Arm, headOf, originHead } from "../arms/arm.ts";
import { targetsOf } from "../arms/setup.ts";
import {
  benchCases,
  FIXED_RATE,
  fixedRateConnections,
  HANDSHAKES_AT_ONCE,
  HTTP2_LOAD,
} from "../compare/cases.ts";
import type { PlannedRun } from "../compare/plan.ts";
import { runFixedRate } from "../generator/fixed-rate.ts";
import { loadHttp2 } from "../generator/h2-load.ts";
import { loadHandshakes } from "../generator/handshakes.ts";
import type { LoadResult } from "../generator/load-result.ts";
import { saturate } from "../generator/saturate.ts";
import type { Lab } from "../lab/lab.ts";

/** Loads the arm as the case and the regime have it. Throws when the generator does not end well. */
export async function load(
  lab: Lab,
  arm: Arm,
  { case: name, regime, connections }: PlannedRun,
  seconds: number,
): Promise<LoadResult> {
  const { client, path } = benchCases[name];
  const { port, setup } = arm;
  const scheduled = fixedRateConnections[regime];
  if (scheduled !== undefined)
    return await atFixedRate(lab, { port, rate: FIXED_RATE, connections: scheduled, seconds });
  const targets = targetsOf(setup, path);
  const [first] = targets;
  if (!first) throw new Error(`${name} asks for nothing`);
  if (client === "http2" || client === "grpc")
    return await loadHttp2(lab, {
      ...{ ...first, ...HTTP2_LOAD, kind: client, seconds },
      port: arm.http2Port ?? port,
    });
  if (client === "handshakes") return await handshakes(lab, arm, seconds);
  const heads =
    client === "http1-churn"
      ? [originHead(first, { Connection: "close" })]
      : targets.map((target) => headOf(arm, target));
  return await saturate(lab, { port, connections, seconds, heads });
}

async function atFixedRate(
  lab: Lab,
  options: Parameters<typeof runFixedRate>[1],
): Promise<LoadResult> {
  const { requests, p50Us, p90Us, p99Us, p999Us } = await runFixedRate(lab, options);
  return { requests, failures: 0, metrics: { p50Us, p90Us, p99Us, p999Us } };
}

async function handshakes(lab: Lab, { name, inner }: Arm, seconds: number): Promise<LoadResult> {
  if (!inner) throw new Error(`${name} has no listener with mutual TLS`);
  return await loadHandshakes(lab, {
    ...{ port: inner.port, files: inner.client, connections: HANDSHAKES_AT_ONCE, seconds },
    ...(inner.alpn && { alpn: inner.alpn }),
    head: originHead({ host: inner.client.serverName, path: "/" }),
  });
}
