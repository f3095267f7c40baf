// What is compared. An arm is one way from the generator to the backend, ready to serve for as long as its lab is open.
import type { Backend } from "../backend/start-backend.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";

export const armNames = ["direct", "nginx", "haproxy", "haproxy-unlogged", "weft"] as const;
export type ArmName = (typeof armNames)[number];

/** `one-hop`: one proxy, plaintext. `pair`: two proxies with mutual TLS between, as two sidecars stand. */
export const caseNames = ["one-hop", "pair"] as const;
export type CaseName = (typeof caseNames)[number];

export interface Arm {
  readonly name: ArmName;
  readonly case: CaseName;
  /** Loopback port for the generator. */
  readonly port: number;
  /** Processes that forward requests; asked for before every run, since a supervisor may have replaced one. */
  proxies(): readonly number[];
  /** Their masters and supervisors: their time counts with the proxies', their memory is told apart. */
  supervisors(): readonly number[];
  /** Folder whose `*.log` files are emptied between runs. */
  readonly logs: string;
  readonly watched: readonly LabProcess[];
}

export interface ArmOptions {
  readonly lab: Lab;
  readonly case: CaseName;
  readonly backend: Backend;
}

export const BODY_BYTES = 1_024;
