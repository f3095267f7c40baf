import { SpiffeError } from "./spiffe-error.ts";

/** `spiffe://<trust domain>/<path>`, checked: compare two of these with `===`. */
export type SpiffeId = string & { readonly __brand: "SpiffeId" };

/** The host part of a SPIFFE ID, checked. */
export type TrustDomain = string & { readonly __brand: "TrustDomain" };

/** What an identity means in the mesh: Istio's `spiffe://<td>/ns/<namespace>/sa/<account>`. */
export interface WorkloadIdentity {
  readonly trustDomain: TrustDomain;
  readonly namespace: string;
  readonly serviceAccount: string;
}

const SCHEME = "spiffe://";
/** SPIFFE ID specification, section 2.3. */
const ID_BYTES_MAX = 2048;
/** SPIFFE ID specification, section 2.1. */
const TRUST_DOMAIN_BYTES_MAX = 255;
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[a-zA-Z0-9._-]+$/;

/** Checks a trust domain name; throws SpiffeError `malformed-id`. */
export function readTrustDomain(text: string): TrustDomain {
  if (text.length > TRUST_DOMAIN_BYTES_MAX)
    throw malformed(text, `a trust domain has at most ${TRUST_DOMAIN_BYTES_MAX} characters`);
  if (!TRUST_DOMAIN.test(text))
    throw malformed(text, "a trust domain has only a-z, 0-9, '.', '-' and '_'");
  return text as TrustDomain;
}

/** Checks the whole of the SPIFFE ID specification, section 2; throws SpiffeError `malformed-id`. */
export function readSpiffeId(text: string): SpiffeId {
  if (text.length > ID_BYTES_MAX)
    throw malformed(text, `an ID has at most ${ID_BYTES_MAX} characters`);
  if (!text.startsWith(SCHEME)) throw malformed(text, "an ID begins with spiffe:// in lower case");
  const [domain = "", ...segments] = text.slice(SCHEME.length).split("/");
  readTrustDomain(domain);
  for (const segment of segments) checkSegment(segment, text);
  return text as SpiffeId;
}

function checkSegment(segment: string, text: string): void {
  if (segment === "") throw malformed(text, "a path has no empty segment and no slash at its end");
  if (segment === "." || segment === "..") throw malformed(text, "a path has no dot segment");
  if (!SEGMENT.test(segment))
    throw malformed(text, "a path has only letters, digits, '.', '-', '_' and '/'");
}

export function trustDomainOf(id: SpiffeId): TrustDomain {
  const slash = id.indexOf("/", SCHEME.length);
  return id.slice(SCHEME.length, slash < 0 ? undefined : slash) as TrustDomain;
}

/** The path with its leading slash; `""` for the ID of a trust domain itself. */
export function pathOf(id: SpiffeId): string {
  const slash = id.indexOf("/", SCHEME.length);
  return slash < 0 ? "" : id.slice(slash);
}

/** The ID as policies write it: without the scheme, `<td>/ns/<ns>/sa/<sa>`. */
export function principalOf(id: SpiffeId): string {
  return id.slice(SCHEME.length);
}

/** The mesh's reading of an ID; undefined for IDs of another shape, which are valid but name no account. */
export function workloadIdentityOf(id: SpiffeId): WorkloadIdentity | undefined {
  const [ns, namespace, sa, serviceAccount, ...rest] = pathOf(id).slice(1).split("/");
  if (ns !== "ns" || sa !== "sa" || rest.length > 0 || !namespace || !serviceAccount) return;
  return { trustDomain: trustDomainOf(id), namespace, serviceAccount };
}

/** Throws SpiffeError `malformed-id` when a part has characters that an ID may not carry. */
export function spiffeIdOf(identity: {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}): SpiffeId {
  const { trustDomain, namespace, serviceAccount } = identity;
  for (const part of [namespace, serviceAccount])
    if (part.includes("/")) throw malformed(part, "a namespace or account has no slash");
  return readSpiffeId(`${SCHEME}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`);
}

function malformed(text: string, rule: string): SpiffeError {
  return new SpiffeError("malformed-id", `${JSON.stringify(text.slice(0, 120))}: ${rule}`);
}
