import { Buffer } from "node:buffer";
import type { FieldView, PeerError, ServerExchange, ServerExchangeEvents } from "#http/exchange.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import type { Downstream } from "../downstream.ts";
import { ignoredEvents } from "../ignored-events.ts";
import type { Failure } from "../local-reply.ts";
import { joinTcp, startedNow } from "../tcp/pass-tcp.ts";
import { UpstreamDial } from "../tcp/upstream-dial.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";
import { type Destination, destinationOf, isFailure, unknownHost } from "./destination.ts";
import type { OutboundSurroundings } from "./outbound-surroundings.ts";
import { callOf, type Passage, serveDestination } from "./serve-destination.ts";

/** A CONNECT that was let in, and who serves what is inside. */
export interface ConnectCall {
  readonly exchange: ServerExchange;
  readonly downstream: Downstream;
  /** For requests inside the tunnel. */
  readonly inside: (authority: string) => Pick<Passage, "downstream" | "handler">;
}

/**
 * To a host that may carry requests the tunnel ends here, and what is inside takes the way that any request takes. To any
 * other the destination is opened first: only when it agrees are early bytes a tunnel's; else they are the next request.
 */
export function connectTunnel(
  around: OutboundSurroundings,
  call: ConnectCall,
): ServerExchangeEvents {
  const { exchange, downstream } = call;
  const authority = exchange.request.authority.toLowerCase();
  const { listener } = downstream;
  const destination =
    listener.kind === "outbound" ? destinationOf(around.runtime, listener, authority) : undefined;
  if (destination === undefined) return refuse(around, call, unknownHost(authority));
  if (!isOpenedFirst(destination)) return enter(around, call, destination);
  const cluster = destination.cluster(undefined);
  if (isFailure(cluster)) return refuse(around, call, cluster);
  return new OpeningTunnel(around, call, destination, cluster);
}

/** What needs no look at the first bytes. */
function isOpenedFirst({ content, asksServerName, isInMesh }: Destination): boolean {
  return !isInMesh || content === "tcp" || (content === "tls" && !asksServerName);
}

function refuse(
  { server }: OutboundSurroundings,
  { downstream, exchange }: ConnectCall,
  failure: Failure,
): ServerExchangeEvents {
  return server.serve(downstream, exchange, failure);
}

function enter(
  around: OutboundSurroundings,
  { exchange, inside }: ConnectCall,
  destination: Destination,
): ServerExchangeEvents {
  exchange.respond(established, undefined);
  const transport = exchange.takeOver();
  const started = startedNow(around.runtime);
  serveDestination(around, { ...inside(destination.authority), transport, destination, started });
  return ignoredEvents;
}

/** Waits for the destination; the caller may go away meanwhile. */
class OpeningTunnel implements ServerExchangeEvents {
  readonly #around: OutboundSurroundings;
  readonly #call: ConnectCall;
  readonly #dial: UpstreamDial;
  /** Answers when the destination did not agree. */
  #refusal: ServerExchangeEvents | undefined;
  #isAnswered = false;

  constructor(
    around: OutboundSurroundings,
    call: ConnectCall,
    destination: Destination,
    cluster: UpstreamCluster,
  ) {
    this.#around = around;
    this.#call = call;
    const { exchange, downstream } = call;
    const started = startedNow(around.runtime);
    this.#dial = new UpstreamDial(around, cluster, {
      connected: (upstream) => {
        this.#isAnswered = true;
        exchange.respond(established, undefined);
        const transport = exchange.takeOver();
        const passage = { transport, destination, downstream, started };
        joinTcp(callOf(around, passage, undefined), { transport }, upstream);
      },
      failed: ({ failure }) => {
        this.#isAnswered = true;
        this.#refusal = refuse(this.#around, this.#call, failure);
      },
    });
  }

  onRequestData(slice: Uint8Array): void {
    this.#refusal?.onRequestData(slice);
  }

  onRequestEnd(trailers: FieldView | undefined): void {
    this.#refusal?.onRequestEnd(trailers);
  }

  onResponseDrain(): void {
    this.#refusal?.onResponseDrain();
  }

  onExchangeEnd(error: PeerError | undefined): void {
    if (!this.#isAnswered) this.#dial.cancel();
    // The refusal is written before it is known here.
    queueMicrotask(() => this.#refusal?.onExchangeEnd(error));
  }
}

const establishedBytes = Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n", "latin1");
const established = readEstablished();

function readEstablished() {
  const head = decodeResponseHead(
    establishedBytes,
    0,
    establishedBytes.length,
    "CONNECT",
    RESPONSE_LIMITS,
  );
  if (head === undefined) throw new Error("the answer to CONNECT is not whole");
  return head;
}
