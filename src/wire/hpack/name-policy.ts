/** How fields are sent that are known by name: with which entry of the static table, and whether a table should keep their values. */
import type { Buffer } from "node:buffer";
import { hashOf, TOKEN_LOWER } from "#wire/http1/field-name.ts";
import { STATIC_ENTRIES } from "./static-table.ts";

export const POLICY = {
  /** Kept in the table while values repeat. */
  learned: 0,
  /** Another value with each message: only the name is kept. */
  changing: 1,
  /** Never kept, here or further on: what an attacker could guess by the size of messages (RFC 7541 §7.1.3). */
  never: 2,
  /** Never kept when short enough to be guessed. */
  neverWhenShort: 3,
} as const;

const NEVER = ["authorization", "proxy-authorization", "set-cookie"];
const CHANGING =
  "content-length date age etag last-modified if-none-match if-modified-since if-range range content-range " +
  "traceparent x-request-id x-correlation-id x-b3-traceid x-b3-spanid x-b3-parentspanid b3 uber-trace-id " +
  "x-cloud-trace-context x-amzn-trace-id x-datadog-trace-id x-datadog-parent-id " +
  "x-envoy-upstream-service-time x-envoy-expected-rq-timeout-ms x-response-time sec-websocket-key " +
  "sec-websocket-accept idempotency-key grpc-message";

interface NameFacts {
  readonly lower: string;
  /** 0 when the static table does not have the name. */
  readonly staticIndex: number;
  readonly policy: number;
}

const byName = new Map<string, NameFacts>();
// Pseudo-fields are sent by their index.
for (const [index, [name]] of STATIC_ENTRIES.entries())
  if (index > 0 && !name.startsWith(":"))
    byName.set(name, { lower: name, staticIndex: index, policy: POLICY.learned });
const setPolicy = (name: string, policy: number): void => {
  byName.set(name, { lower: name, staticIndex: byName.get(name)?.staticIndex ?? 0, policy });
};
for (const name of NEVER) setPolicy(name, POLICY.never);
for (const name of CHANGING.split(" ")) setPolicy(name, POLICY.changing);
setPolicy("cookie", POLICY.neverWhenShort);

/** By the low bits of the hash; a hit is compared byte by byte. */
const SIZE = 4_096;
/** Found by trying: with it, no two of these names meet. */
const MULTIPLIER = 0x2545f491;
const hashes = new Int32Array(SIZE);
const staticIndexes = new Uint8Array(SIZE);
const policies = new Uint8Array(SIZE);
const names: string[] = new Array<string>(SIZE).fill("");
for (const { lower, staticIndex, policy } of byName.values()) {
  const hash = hashOf(lower);
  const slot = slotOf(hash);
  if (names[slot] !== "") throw new Error(`the table of names is too small for ${lower}`);
  hashes[slot] = hash;
  staticIndexes[slot] = staticIndex;
  policies[slot] = policy;
  names[slot] = lower;
}

function slotOf(hash: number): number {
  return Math.imul(hash, MULTIPLIER) >>> 20;
}

/** What `lookUpName` has found: copied out at once. `isExact`: the name came in lower case. */
export const looked = { staticIndex: 0, policy: 0, isExact: false };

/** Looks a name up by the hash of its lower-case form. */
export function lookUpName(bytes: Buffer, start: number, length: number, hash: number): void {
  const slot = slotOf(hash);
  looked.staticIndex = 0;
  looked.policy = POLICY.learned;
  if (hashes[slot] !== hash) return;
  const name = names[slot] as string;
  if (name.length !== length) return;
  let differs = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i] as number;
    const wanted = name.charCodeAt(i);
    if (TOKEN_LOWER[byte] !== wanted) return;
    differs |= byte ^ wanted;
  }
  looked.staticIndex = staticIndexes[slot] as number;
  looked.policy = policies[slot] as number;
  looked.isExact = differs === 0;
}
