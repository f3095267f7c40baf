// One aggregated discovery stream: who is calling, what they ask for, what they get. Knows no transport.
import type { ConfigType, Snapshot } from "#config/snapshot.ts";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import {
  decodeDeltaRequest,
  decodeWholeRequest,
  encodeDeltaResponse,
  encodedBytes,
  encodeWholeResponse,
} from "../messages/discovery.ts";
import { type NodeClaims, WEFT_CLIENT_FEATURE } from "../messages/node.ts";
import { typeOfUrl } from "../messages/type-url.ts";
import {
  ConfigConversation,
  type Push,
  RESOURCE_MAX_BYTES,
} from "../stream/config-conversation.ts";
import { inlineHosts } from "../stream/inline-hosts.ts";
import { applyDeltaRequest, applyWholeRequest } from "../stream/requests.ts";
import type { Timers } from "../stream/timers.ts";
import { wholeVersion } from "../stream/whole-version.ts";
import { asXdsError, XdsError } from "../xds-error.ts";
import type { ConfigFeed, ConfigSource } from "./config-source.ts";
import { envoyView } from "./envoy-view.ts";
import type { PeerIdentity } from "./peer-identity.ts";

/** The transport's side of a stream. */
export interface AdsCall {
  readonly protocol: "delta" | "state-of-the-world";
  readonly peer: PeerIdentity;
  readonly address: string;
  send(bytes: Uint8Array): void;
  /** Ends the stream with this error's status; nothing is sent after it. */
  fail(error: XdsError): void;
}

export interface AdsSurroundings {
  readonly source: ConfigSource;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

interface Opened {
  readonly feed: ConfigFeed;
  readonly conversation: ConfigConversation;
}

const UNKNOWN_TYPES_MAX = 16;

/** `receive` per message in, `close` when the transport ends; both are safe after the end. */
export class AdsStream {
  readonly #call: AdsCall;
  readonly #around: AdsSurroundings;
  #opened: Opened | undefined;
  #wake: Disposable | undefined;
  #isClosed = false;
  #isScheduled = false;
  readonly #unknownTypes = new Set<string>();

  constructor(call: AdsCall, around: AdsSurroundings) {
    this.#call = call;
    this.#around = around;
  }

  receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      if (this.#call.protocol === "delta") {
        const request = decodeDeltaRequest(bytes);
        this.#apply(request, (conversation, type, now) =>
          applyDeltaRequest(conversation, type, request, now),
        );
      } else {
        const request = decodeWholeRequest(bytes);
        this.#apply(request, (conversation, type, now) =>
          applyWholeRequest(conversation, type, request, now),
        );
      }
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** Ends the stream from our side, for example when the server stops. */
  end(error: XdsError): void {
    if (!this.#isClosed) this.#fail(error);
  }

  /** The proxy has ended its side: no accident. Resolves when it may go. */
  async leave(): Promise<void> {
    const left = this.#isClosed ? undefined : this.#opened?.feed.leaving();
    this.close();
    await left;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake?.[Symbol.dispose]();
    this.#opened?.feed[Symbol.dispose]();
  }

  #apply(
    request: { readonly node?: NodeClaims; readonly typeUrl: string },
    work: (conversation: ConfigConversation, type: ConfigType, nowMs: number) => void,
  ): void {
    this.#opened ??= this.#open(request.node);
    const type = typeOfUrl(request.typeUrl);
    if (type === undefined) {
      this.#ignore(request.typeUrl);
      return;
    }
    work(this.#opened.conversation, type, this.#around.clock.monotonicMs());
    this.#pump();
  }

  /** Other xDS servers have types that we do not; their clients live without them. */
  #ignore(typeUrl: string): void {
    if (this.#unknownTypes.has(typeUrl)) return;
    if (this.#unknownTypes.size >= UNKNOWN_TYPES_MAX)
      throw new XdsError("malformed", `more than ${UNKNOWN_TYPES_MAX} types that nobody serves`);
    this.#unknownTypes.add(typeUrl);
    const { address } = this.#call;
    this.#around.log.debug({ typeUrl: typeUrl.slice(0, 200), address }, "type is not served");
  }

  #open(node: NodeClaims | undefined): Opened {
    if (node === undefined)
      throw new XdsError("malformed", "the first request of a stream must carry a node");
    const { peer, protocol, address } = this.#call;
    checkClaims(node, peer);
    const isOurs = protocol === "delta" && node.features.includes(WEFT_CLIENT_FEATURE);
    const view = isOurs ? (snapshot: Snapshot) => snapshot : viewFor(node, peer);
    const workload = node.workload;
    const feed = this.#around.source.open({ nodeId: node.id, identity: peer, workload, address });
    if ("kind" in feed) throw new XdsError(refusalCode(feed.code), feed.reason);
    const conversation = new ConfigConversation(feed.snapshot(), {
      protocol,
      complete: isOurs,
      view,
      sizeOf: (resource) => encodedBytes(resource).length,
      report: (event) => feed.report(event),
    });
    feed.onChange(() => this.#schedule());
    return { feed, conversation };
  }

  /** Several changes in one turn are one comparison. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#isClosed) return;
      try {
        this.#pump();
      } catch (cause) {
        this.#fail(cause);
      }
    });
  }

  #pump(): void {
    if (!this.#opened) return;
    const { conversation, feed } = this.#opened;
    conversation.offer(feed.snapshot());
    for (;;) {
      const push = conversation.next(this.#around.clock.monotonicMs());
      if (!push) break;
      this.#call.send(this.#encode(push));
    }
    this.#wake?.[Symbol.dispose]();
    const { wakeAtMs } = conversation;
    this.#wake =
      wakeAtMs === undefined
        ? undefined
        : this.#around.timers.after(wakeAtMs - this.#around.clock.monotonicMs(), () =>
            this.#schedule(),
          );
  }

  #encode({ type, nonce, upserts, removed, whole }: Push): Uint8Array {
    if (this.#call.protocol === "delta") return encodeDeltaResponse(type, nonce, upserts, removed);
    const listed = type === "listener" || type === "cluster" ? whole() : upserts;
    const bytes = encodeWholeResponse(type, nonce, wholeVersion(listed), listed);
    if (bytes.length > RESOURCE_MAX_BYTES)
      throw new XdsError(
        "too-large",
        `all ${type} resources together are ${bytes.length} bytes, more than one message can carry: use delta xDS`,
      );
    return bytes;
  }

  /** The only place where an error of a stream becomes its status. */
  #fail(cause: unknown): void {
    const error = asXdsError(cause);
    const { address } = this.#call;
    if (error.code === "internal")
      this.#around.log.error({ address, err: cause }, "a configuration stream failed");
    else
      this.#around.log.info(
        { address, code: error.code, reason: error.message },
        "a configuration stream was ended",
      );
    this.close();
    this.#call.fail(error);
  }
}

/** Other clients get standard resources; an Envoy that stands beside a workload gets what such an Envoy needs. */
function viewFor({ envoyMinor, workload }: NodeClaims, { trustDomain }: PeerIdentity) {
  if (envoyMinor === undefined || workload === undefined) return inlineHosts;
  const hasHttpProxy = workload.outbound.some(({ kind }) => kind === "http-proxy");
  if (hasHttpProxy && workload.engine?.credentials === undefined)
    throw new XdsError(
      "invalid",
      "node.metadata.WEFT.engine.credentials is missing: whoever can reach the HTTP proxy's port would speak as this workload",
    );
  return envoyView({ trustDomain, workload, minorVersion: envoyMinor });
}

/** A proxy is who its certificate says, whatever its node says. */
function checkClaims(node: NodeClaims, peer: PeerIdentity): void {
  const namespace = node.namespace ?? peer.namespace;
  const account = node.serviceAccount ?? peer.serviceAccount;
  if (namespace === peer.namespace && account === peer.serviceAccount) return;
  throw new XdsError(
    "permission-denied",
    `the certificate is for service account ${peer.serviceAccount} in namespace ${peer.namespace}, ` +
      `but the node says ${account} in ${namespace}: a proxy gets only its own configuration`,
  );
}

function refusalCode(
  code: "permission-denied" | "invalid-argument" | "unavailable" | "resource-exhausted",
) {
  return code === "invalid-argument" ? "invalid" : code;
}
