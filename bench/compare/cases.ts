// What is measured: how the proxies stand, what is asked of them, by which load, and which arms it is worth comparing.
import type { ArmName } from "../arms/arm.ts";
import type { Setup } from "../arms/setup.ts";
import { GRPC_PATH } from "../backend/grpc-backend.ts";

/** The clients of the generators. */
export type Client =
  | "http1"
  /** A new connection for every request. */
  | "http1-churn"
  | "http2"
  | "grpc"
  /** A new mutual-TLS connection to the second hop for every request. */
  | "handshakes";

/**
 * `saturation`: as much as it can take, closed loop. `fixed-rate`: 1,000 requests/s, open loop, on 16 connections; the other
 * two the same on 1 and on 64. `idle`: memory of 1,000 connections that wait.
 */
export const regimes = [
  "saturation",
  "fixed-rate",
  "fixed-rate-1",
  "fixed-rate-64",
  "idle",
] as const;
export type Regime = (typeof regimes)[number];

export const SATURATION_CONNECTIONS = 64;
export const HTTP2_LOAD = { connections: 4, streamsPerConnection: 25 } as const;
export const HANDSHAKES_AT_ONCE = 8;
export const FIXED_RATE = 1_000;
export const IDLE_CONNECTIONS = 1_000;

/** Connections of the fixed-rate regimes. */
export const fixedRateConnections: Readonly<Partial<Record<Regime, number>>> = {
  "fixed-rate": 16,
  "fixed-rate-1": 1,
  "fixed-rate-64": 64,
};

/** What is open at the same time. One stage after the other. */
export const stageNames = ["core", "connections", "routes", "protocols", "services"] as const;
export type StageName = (typeof stageNames)[number];

export interface Load {
  readonly regime: Regime;
  readonly arms: readonly ArmName[];
  /** Of the run's rounds: all for what a goal is judged by, some for what stands beside it, or one where memory only grows once. */
  readonly rounds: "all" | "some" | "one";
}

export interface BenchCase {
  readonly title: string;
  readonly stage: StageName;
  readonly setup: Setup;
  readonly client: Client;
  readonly path: string;
  /** Without the framing of chunks. */
  readonly bodyBytes: number;
  readonly loads: readonly Load[];
  /** Processes of its own, that nothing else has loaded. */
  readonly isFresh?: boolean;
}

const KB = 1_024;
const usual = { client: "http1", path: "/", bodyBytes: KB } as const;
const some = ["haproxy", "envoy", "weft"] as const;
const somePairs = ["haproxy", "haproxy-h2", "envoy-h2", "weft"] as const;

const brief = (regime: Regime, arms: readonly ArmName[]): Load => ({
  regime,
  arms,
  rounds: "some",
});
const all = (regime: Regime, arms: readonly ArmName[]): Load => ({ regime, arms, rounds: "all" });

const table = (title: string, setup: Setup): BenchCase => ({
  ...{ title, setup, stage: "routes", ...usual },
  loads: [all("saturation", ["weft"]), brief("saturation", ["haproxy", "envoy"])],
});

const services = (count: number): BenchCase => ({
  ...{ title: `Two hops, in a mesh with ${count} other services`, stage: "services", ...usual },
  setup: { kind: "services", count },
  loads: [brief("saturation", ["envoy-xds", "weft"]), brief("fixed-rate", ["envoy-xds", "weft"])],
});

const cases = {
  "one-hop": {
    ...{ title: "One hop, plaintext", stage: "core", setup: { kind: "one-hop" }, ...usual },
    loads: [
      all("saturation", ["haproxy", "envoy", "weft", "haproxy-unlogged"]),
      brief("saturation", ["direct", "nginx", "nghttpx", "envoy-xds"]),
      brief("fixed-rate", ["direct", "haproxy", "envoy", "weft"]),
    ],
  },
  pair: {
    ...{ title: "Two hops, mutual TLS between", stage: "core", setup: { kind: "pair" }, ...usual },
    loads: [
      all("saturation", ["haproxy", "envoy-h2", "weft", "haproxy-h2"]),
      brief("saturation", ["nginx", "nghttpx", "envoy", "envoy-xds", "weft-http1"]),
      all("fixed-rate", ["direct", "haproxy", "envoy-h2", "weft"]),
      brief("fixed-rate", ["haproxy-h2", "envoy-xds"]),
      brief("fixed-rate-1", ["direct", "haproxy", "weft"]),
      brief("fixed-rate-64", ["direct", "haproxy", "weft"]),
    ],
  },
  "body-64k": {
    ...{ title: "Two hops, answers of 64 KB", stage: "core", setup: { kind: "pair" } },
    ...{ client: "http1", path: "/64k", bodyBytes: 64 * KB },
    loads: [brief("saturation", somePairs)],
  },
  "body-streamed": {
    ...{ title: "Two hops, answers of 64 KB in 16 chunks", stage: "core" },
    ...{ setup: { kind: "pair" }, client: "http1", path: "/stream", bodyBytes: 64 * KB },
    loads: [brief("saturation", somePairs)],
  },
  churn: {
    ...{ title: "One hop, a new connection for every request", stage: "core" },
    ...{ setup: { kind: "one-hop" }, ...usual, client: "http1-churn" },
    loads: [brief("saturation", some)],
  },
  handshakes: {
    ...{ title: "Full mutual-TLS handshakes, one request after each", stage: "core" },
    ...{ setup: { kind: "pair" }, ...usual, client: "handshakes" },
    loads: [brief("saturation", some)],
  },
  http2: {
    ...{ title: "One hop, clients speak HTTP/2", stage: "core", setup: { kind: "one-hop" } },
    ...{ ...usual, client: "http2" },
    loads: [brief("saturation", ["nginx", "haproxy", "nghttpx", "envoy", "weft"])],
  },
  "idle-plain": {
    ...{ title: "Idle connections, plaintext", stage: "connections", isFresh: true },
    ...{ setup: { kind: "one-hop" }, ...usual },
    loads: [{ regime: "idle", arms: some, rounds: "one" }],
  },
  "idle-mtls": {
    ...{ title: "Idle connections, mutual TLS", stage: "connections", isFresh: true },
    ...{ setup: { kind: "pair" }, ...usual },
    loads: [{ regime: "idle", arms: some, rounds: "one" }],
  },
  "routes-1": table("One hop, 1 route", { kind: "routes", match: "exact", count: 1 }),
  "routes-100": table("One hop, 100 routes", { kind: "routes", match: "prefix", count: 100 }),
  "routes-10k-exact": table("One hop, 10,000 exact routes on one host", {
    ...{ kind: "routes", match: "exact", count: 10_000 },
  }),
  "routes-10k-prefix": table("One hop, 10,000 prefix routes on one host", {
    ...{ kind: "routes", match: "prefix", count: 10_000 },
  }),
  "hosts-1": table("One hop, 1 host", { kind: "hosts", count: 1 }),
  "hosts-10k": table("One hop, 10,000 hosts", { kind: "hosts", count: 10_000 }),
  grpc: {
    ...{ title: "One hop, unary gRPC", stage: "protocols", setup: { kind: "grpc" } },
    ...{ client: "grpc", path: GRPC_PATH, bodyBytes: 5 + KB },
    loads: [brief("saturation", ["direct", "nginx", "haproxy", "nghttpx", "envoy", "weft"])],
  },
  tcp: {
    ...{ title: "Two hops at layer 4, mutual TLS between", stage: "protocols" },
    ...{ setup: { kind: "tcp" }, ...usual },
    loads: [brief("saturation", some), brief("fixed-rate", ["haproxy", "weft"])],
  },
  "services-1k": services(1_000),
  "services-5k": services(5_000),
} as const satisfies Record<string, BenchCase>;

export type CaseName = keyof typeof cases;
export const benchCases: Readonly<Record<CaseName, BenchCase>> = cases;
export const caseNames = Object.keys(cases) as readonly CaseName[];

/** Arms that share processes share this key: cases of one setup, unless they want their own. */
export const instanceKey = (name: CaseName): string => {
  const { isFresh, setup } = benchCases[name];
  if (isFresh === true) return name;
  if (setup.kind === "routes" || setup.kind === "hosts" || setup.kind === "services") return name;
  return setup.kind;
};
