// What is compared. An arm is one way from the generator to the backend, ready to serve for as long as its lab is open.
import type { Backend } from "../backend/start-backend.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";
import type { PeerFiles } from "./peer-certificates.ts";
import type { Setup, Target } from "./setup.ts";

export const armNames = [
  "direct",
  "nginx",
  "haproxy",
  "haproxy-unlogged",
  "haproxy-h2",
  "nghttpx",
  "envoy",
  "envoy-h2",
  "weft",
  "weft-http1",
  "envoy-xds",
] as const;
export type ArmName = (typeof armNames)[number];

export interface Arm {
  readonly name: ArmName;
  readonly setup: Setup;
  /** Loopback port for the generator. */
  readonly port: number;
  /** For generators that speak HTTP/2 without TLS, where another port than `port` takes it. */
  readonly http2Port?: number;
  /** Of a pair: where the second hop takes mutual TLS. */
  readonly inner?: InnerListener;
  /** The head that asks for a target; default the origin form. */
  head?(target: Target): string;
  /** Processes that forward requests; asked for before every run, since a supervisor may have replaced one. */
  proxies(): readonly number[];
  /** Their masters and supervisors: their time counts with the proxies', their memory is told apart. */
  supervisors(): readonly number[];
  /** Folders whose access logs are emptied between runs. */
  readonly logs: readonly string[];
  readonly watched: readonly LabProcess[];
}

/** A listener with mutual TLS, and what a client needs to be let in. */
export interface InnerListener {
  readonly port: number;
  readonly client: PeerFiles;
  readonly alpn?: readonly string[];
}

export interface ArmOptions {
  readonly lab: Lab;
  readonly setup: Setup;
  /** Unique among the open arms of this name: names folders, processes, workloads. */
  readonly key: string;
  readonly backend: Backend;
}

/** What the arm is asked for this target, up to and with the empty line. */
export const headOf = (arm: Arm, target: Target): string =>
  arm.head?.(target) ?? originHead(target);

export const originHead = (
  { host, path }: Target,
  fields: Readonly<Record<string, string>> = {},
): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    "\r\n",
  ].join("\r\n");
