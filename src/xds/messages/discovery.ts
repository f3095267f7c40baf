// The four messages of the aggregated discovery service as plain values.
import type { ConfigResource, ConfigType } from "#config/snapshot.ts";
import { asXdsError, XdsError } from "../xds-error.ts";
import { encode } from "./codec.ts";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from "./generated/envoy/service/discovery/v3/discovery.ts";
import { fromNode, type NodeClaims, toNode } from "./node.ts";
import { typeUrlOf } from "./type-url.ts";

export interface DeltaRequest {
  /** In the first request of a stream. */
  readonly node?: NodeClaims;
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name to version of what the client has kept from an earlier stream. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** Of the response that this answers; empty when it answers none. */
  readonly nonce: string;
  /** The response was refused, and why. */
  readonly error?: string;
}

export interface WholeRequest {
  readonly node?: NodeClaims;
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly nonce: string;
  readonly error?: string;
}

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly typeUrl: string;
    readonly bytes: Uint8Array;
  }[];
  readonly removed: readonly string[];
}

/** Refusals longer than this are cut: they are for a person. */
const ERROR_MAX_CHARS = 4_000;
const INVALID_ARGUMENT = 3;

export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const message = reading("request", () => DeltaDiscoveryRequest.decode(bytes));
  return {
    ...(message.node === undefined ? {} : { node: fromNode(message.node) }),
    typeUrl: message.typeUrl,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: new Map(Object.entries(message.initialResourceVersions)),
    nonce: message.responseNonce,
    ...readError(message.errorDetail),
  };
}

export function encodeDeltaRequest(request: DeltaRequest): Uint8Array {
  const { node, error } = request;
  const message = DeltaDiscoveryRequest.create();
  if (node) message.node = toNode(node);
  message.typeUrl = request.typeUrl;
  message.resourceNamesSubscribe = [...request.subscribe];
  message.resourceNamesUnsubscribe = [...request.unsubscribe];
  message.initialResourceVersions = Object.fromEntries(request.initialVersions);
  message.responseNonce = request.nonce;
  if (error !== undefined)
    message.errorDetail = {
      code: INVALID_ARGUMENT,
      message: error.slice(0, ERROR_MAX_CHARS),
      details: [],
    };
  return DeltaDiscoveryRequest.encode(message).finish();
}

export function decodeWholeRequest(bytes: Uint8Array): WholeRequest {
  const message = reading("request", () => DiscoveryRequest.decode(bytes));
  return {
    ...(message.node === undefined ? {} : { node: fromNode(message.node) }),
    typeUrl: message.typeUrl,
    names: message.resourceNames,
    nonce: message.responseNonce,
    ...readError(message.errorDetail),
  };
}

/** What of a change goes to a delta client. */
export function encodeDeltaResponse(
  type: ConfigType,
  nonce: string,
  upserts: readonly ConfigResource[],
  removed: readonly string[],
): Uint8Array {
  const typeUrl = typeUrlOf(type);
  const message = DeltaDiscoveryResponse.create();
  message.typeUrl = typeUrl;
  message.nonce = nonce;
  message.removedResources = [...removed];
  message.resources = upserts.map((resource) => ({
    name: resource.name,
    resourceName: undefined,
    aliases: [],
    version: resource.version,
    resource: { typeUrl, value: encodedBytes(resource) },
    ttl: undefined,
    cacheControl: undefined,
    metadata: undefined,
  }));
  return DeltaDiscoveryResponse.encode(message).finish();
}

/** Throws XdsError `malformed` for bytes that are no such message. */
export function decodeDeltaResponse(bytes: Uint8Array): DeltaResponse {
  const message = reading("response", () => DeltaDiscoveryResponse.decode(bytes));
  return {
    typeUrl: message.typeUrl,
    nonce: message.nonce,
    resources: message.resources.map(({ name, version, resource }) => ({
      name,
      version,
      typeUrl: resource?.typeUrl ?? "",
      bytes: resource?.value ?? new Uint8Array(0),
    })),
    removed: message.removedResources,
  };
}

/** A state-of-the-world response; `version` stands for the whole list. */
export function encodeWholeResponse(
  type: ConfigType,
  nonce: string,
  version: string,
  resources: readonly ConfigResource[],
): Uint8Array {
  const typeUrl = typeUrlOf(type);
  const message = DiscoveryResponse.create();
  message.versionInfo = version;
  message.typeUrl = typeUrl;
  message.nonce = nonce;
  message.resources = resources.map((each) => ({ typeUrl, value: encodedBytes(each) }));
  return DiscoveryResponse.encode(message).finish();
}

const encoded = new WeakMap<ConfigResource, Uint8Array>();
const otherForms = new WeakMap<ConfigResource, () => Uint8Array>();

/** The bytes of a resource, made once for all the proxies that get it. Throws as `encode` does. */
export function encodedBytes(resource: ConfigResource): Uint8Array {
  const remembered = encoded.get(resource);
  if (remembered) return remembered;
  const bytes = otherForms.get(resource)?.() ?? encode(resource);
  encoded.set(resource, bytes);
  return bytes;
}

/** The same content for a client that needs it in another form; `bytes` is called when it is first sent. */
export function inOtherForm<T extends ConfigType>(
  resource: ConfigResource<T>,
  bytes: () => Uint8Array,
): ConfigResource<T> {
  otherForms.set(resource, bytes);
  return resource;
}

function readError(detail: { readonly message: string } | undefined): { error?: string } {
  return detail === undefined ? {} : { error: detail.message.slice(0, ERROR_MAX_CHARS) };
}

function reading<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof XdsError) throw cause;
    throw new XdsError(
      "malformed",
      `a discovery ${what} that cannot be read: ${asXdsError(cause).message}`,
      cause,
    );
  }
}
