import { isIP } from "node:net";
import type { Clock } from "#core/clock.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodePem } from "#core/spiffe/der/pem.ts";
import { encodeName } from "#core/spiffe/encode-certificate.ts";
import { encodeExtendedKeyUsage, encodeSubjectAltNames } from "#core/spiffe/encode-extensions.ts";
import { createWorkloadKey } from "#core/spiffe/workload-key.ts";
import { CaError } from "../ca-error.ts";
import { type Authority, authorityValidity, certificatePem } from "../root/authority.ts";
import { signLeaf } from "./sign-leaf.ts";
import { planValidity } from "./validity.ts";

export interface ServerNames {
  readonly dnsNames: readonly string[];
  /** IPv4 or IPv6 in text. */
  readonly ipAddresses: readonly string[];
  readonly validitySeconds?: number;
}

/** For a TLS server of the control plane; the key is new for every certificate and stays in memory. */
export interface ServerCertificate {
  /** Leaf, then intermediates: what a server sends. */
  readonly certificatePem: string;
  /** A method, so that printing the object prints no key. */
  privateKeyPem(): string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Where clients on this host and Istio's clients look for the control plane. */
export const CONTROL_PLANE_NAMES: ServerNames = {
  dnsNames: ["localhost", "istiod.istio-system.svc", "istiod.istio-system.svc.cluster.local"],
  ipAddresses: ["127.0.0.1", "::1"],
};

const LIFETIMES = { defaultSeconds: 30 * 24 * 3600, maxSeconds: 90 * 24 * 3600 };
const DNS_NAME =
  /^(?=.{1,253}$)(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*$/i;

/** 30 days unless asked otherwise, at most 90. Throws CaError `bad-name`, `bad-lifetime` or `ca-expired`. */
export function createServerCertificate(
  names: ServerNames,
  ca: {
    readonly authority: Authority;
    readonly clock: Clock;
    readonly randomBytes: (count: number) => Uint8Array;
  },
): ServerCertificate {
  const { authority } = ca;
  const key = createWorkloadKey();
  const asked = { seconds: names.validitySeconds, nowMs: ca.clock.wallMs() };
  const window = planValidity(authorityValidity(authority), LIFETIMES, asked);
  const leaf = {
    publicKey: key.signing.publicKey,
    subject: encodeName({ commonName: "Weft control plane" }),
    extensions: [
      encodeExtendedKeyUsage([OID.serverAuth]),
      encodeSubjectAltNames(encodable(names), false),
    ],
  };
  const der = signLeaf(authority, leaf, window, ca.randomBytes);
  const intermediates = authority.intermediates.map(certificatePem).join("");
  return {
    certificatePem: encodePem("CERTIFICATE", der) + intermediates,
    privateKeyPem: () => key.privateKeyPem(),
    ...window,
  };
}

function encodable({ dnsNames, ipAddresses }: ServerNames) {
  if (dnsNames.length + ipAddresses.length === 0)
    throw new CaError("bad-name", "a server certificate needs a host name or an address");
  for (const name of dnsNames)
    if (!DNS_NAME.test(name))
      throw new CaError("bad-name", `${JSON.stringify(name.slice(0, 80))} is no host name`);
  return { dnsNames, ipAddresses: ipAddresses.map(addressOctets) };
}

function addressOctets(address: string): Uint8Array {
  const version = isIP(address);
  if (version === 4) return Uint8Array.from(address.split(".").map(Number));
  if (version === 6 && !address.includes("%")) return ipv6Octets(address);
  throw new CaError("bad-name", `${JSON.stringify(address.slice(0, 80))} is no IP address`);
}

/** The URL parser writes an embedded IPv4 tail as two groups; `::` then stands for the groups that are missing. */
function ipv6Octets(address: string): Uint8Array {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const left = groups(head);
  const right = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const values = [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
