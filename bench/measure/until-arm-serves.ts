// A bench of proxies that quietly let everything through would be a lie: an arm has to serve what is asked, and Weft's
// and Envoy's also to refuse what only their rules refuse.
import { connect, constants } from "node:http2";
import { type Arm, headOf } from "../arms/arm.ts";
import { type Target, targetsOf } from "../arms/setup.ts";
import { PROBE } from "../arms/weft-yaml.ts";
import { grpcMessage } from "../backend/grpc-backend.ts";
import { benchCases, type CaseName } from "../compare/cases.ts";
import { ask } from "../lab/ask.ts";
import type { Lab } from "../lab/lab.ts";
import { until } from "../lab/wait.ts";

const HTTP2_DEADLINE_MS = 5_000;

/** Until every target of the case gives a 200 with all of its body. Throws past the deadline. */
export async function untilArmServes(lab: Lab, arm: Arm, name: CaseName): Promise<void> {
  const { client, path, bodyBytes } = benchCases[name];
  const targets = targetsOf(arm.setup, path);
  const what = `${arm.name} serves ${name}`;
  await until({ lab, watched: arm.watched, what }, async () => {
    for (const target of [targets[0], targets.at(-1)]) {
      if (!target) continue;
      if (client === "grpc" || client === "http2") await askHttp2(arm, target, client);
      else await askHttp1(arm, target, bodyBytes);
    }
    return true;
  });
}

/** Until the rules hold that the load never meets. For arms that have them. */
export async function untilRulesHold(lab: Lab, arm: Arm): Promise<void> {
  const { kind } = arm.setup;
  const host = targetsOf(arm.setup, "/")[0]?.host ?? "";
  const statusOf = async (target: Target): Promise<number> =>
    (await ask(arm.port, headOf(arm, target))).status;
  await until({ lab, watched: arm.watched, what: `${arm.name} holds its rules` }, async () => {
    if (kind === "tcp" || kind === "grpc") return true;
    if (kind === "routes" || kind === "hosts") {
      const unknown =
        kind === "hosts" ? { host: "nowhere.example", path: "/" } : { host, path: "/no" };
      const status = await statusOf(unknown);
      if (status >= 400) return true;
      throw new Error(`what no route takes gave ${status}`);
    }
    const routed = await statusOf({ host, path: PROBE.redirected });
    const forbidden = kind === "one-hop" ? 403 : await statusOf({ host, path: PROBE.forbidden });
    if (routed === 302 && forbidden === 403) return true;
    throw new Error(`a redirect gave ${routed}, a forbidden path ${forbidden}`);
  });
}

async function askHttp1(arm: Arm, target: Target, bodyBytes: number): Promise<void> {
  const answer = await ask(arm.port, headOf(arm, target));
  if (answer.status === 200 && answer.bodyBytes >= bodyBytes) return;
  throw new Error(`${target.path}: status ${answer.status}, ${answer.bodyBytes} bytes`);
}

/** Resolves for a 200, of gRPC with `grpc-status: 0` behind it. */
async function askHttp2(arm: Arm, { host, path }: Target, kind: "http2" | "grpc"): Promise<void> {
  const session = connect(`http://127.0.0.1:${arm.http2Port ?? arm.port}`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  session.on("error", reject);
  session.setTimeout(HTTP2_DEADLINE_MS, () => reject(new Error("no answer over HTTP/2")));
  const call = kind === "grpc" ? { "content-type": "application/grpc", te: "trailers" } : {};
  const method = kind === "grpc" ? "POST" : "GET";
  const stream = session.request({
    ...{ [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: path },
    ...{ [constants.HTTP2_HEADER_AUTHORITY]: host, ...call },
  });
  const seen = { status: 0, grpc: "" };
  stream.on("response", (fields) => {
    seen.status = Number(fields[constants.HTTP2_HEADER_STATUS]);
    seen.grpc = String(fields["grpc-status"] ?? "");
  });
  stream.on("trailers", (fields) => {
    seen.grpc = String(fields["grpc-status"] ?? "");
  });
  stream.on("error", reject);
  stream.on("end", resolve);
  stream.resume();
  stream.end(kind === "grpc" ? grpcMessage() : undefined);
  try {
    await promise;
  } finally {
    session.destroy();
  }
  if (seen.status === 200 && (kind === "http2" || seen.grpc === "0")) return;
  throw new Error(`over HTTP/2: status ${seen.status}, grpc-status "${seen.grpc}"`);
}
