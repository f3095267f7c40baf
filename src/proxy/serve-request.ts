// The life of a request. Callbacks and one record per request that is used again: no promise and no closure on this path.
//
//   begin ──► decide (policy, plan) ──► reply                       denied, no route, redirect, fixed answer
//                  │
//                  ▼
//     ┌─────► try: pick host ──► connection ──► send ──► answer ──► respond ──► end ──► record, once
//     │               │               │           │         │
//     └── backoff ◄───┴───────────────┴───────────┴─────────┘       may it be tried again? else reply or abort

import { backoffMs } from "#core/backoff.ts";
import type { ClientConnection } from "#http/client/connection.ts";
import type {
  ClientExchange,
  ClientExchangeEvents,
  FieldView,
  PeerError,
  ResponseHead,
  SendProgress,
  ServerExchange,
  ServerExchangeEvents,
} from "#http/exchange.ts";
import { NetError } from "#net/net-error.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { type Decision, decideRequest, routeReply } from "./decide-request.ts";
import type { Downstream } from "./downstream.ts";
import { type Failure, failureReply } from "./local-reply.ts";
import type { ProxyRuntime } from "./proxy-runtime.ts";
import { RequestBody } from "./request-body.ts";
import { editRequest, editResponse, FIELD } from "./request-edits.ts";
import { RequestRecord } from "./request-record.ts";
import { isSafeMethod, type TryOutcome, wantsRetry } from "./resilience/retry.ts";
import { WheelTimer } from "./resilience/timer-wheel.ts";
import type { ForwardPlan } from "./router/compiled-route.ts";
import { splitAuthority } from "./router/host-table.ts";
import { passthroughPlan } from "./router/passthrough-plan.ts";
import { inboundSeries } from "./telemetry/inbound-series.ts";
import { type RequestSeries, unknownWorkload } from "./telemetry/series.ts";
import { openTunnel } from "./tunnel.ts";
import type { Waiter } from "./upstream/connection-pool.ts";
import type { Host } from "./upstream/host.ts";
import { outboundPair, type UpstreamCluster } from "./upstream/upstream-cluster.ts";
import { upstreamFailure } from "./upstream/upstream-failure.ts";

/** Serves all requests of one proxy, with records that are used again. */
export class RequestServer {
  readonly #runtime: ProxyRuntime;
  readonly #spare: ServedRequest[] = [];

  constructor(runtime: ProxyRuntime) {
    this.#runtime = runtime;
  }

  /** `refusal`: the listener has found a reason to answer itself. */
  serve(
    downstream: Downstream,
    exchange: ServerExchange,
    refusal: Failure | undefined,
  ): ServerExchangeEvents {
    const served =
      this.#spare.pop() ??
      new ServedRequest(this.#runtime, exchange, downstream, (done) => this.#reuse(done));
    served.begin(exchange, downstream, refusal);
    return served;
  }

  #reuse(done: ServedRequest): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(done);
  }
}

const MAX_SPARE = 256;
/** An idle connection that turns out closed costs a request nothing, but not for ever. */
const MAX_REPLAYS = 2;

class ServedRequest
  extends RequestRecord
  implements ServerExchangeEvents, ClientExchangeEvents, Waiter
{
  #exchange: ServerExchange;
  readonly #onDone: (done: ServedRequest) => void;
  readonly #body = new RequestBody();
  readonly #requestEdits = new HeadEdits();
  readonly #responseEdits = new HeadEdits();
  readonly #requestTimer = new WheelTimer(() => this.#timedOut());
  /** Runs while trying (per-try timeout) or between tries (backoff). */
  readonly #tryTimer = new WheelTimer(() => this.#tryTimerFired());
  readonly #tried: Host[] = [];
  #cluster: UpstreamCluster | undefined;
  #client: ClientExchange | undefined;
  #isOnHost = false;
  #isWaiting = false;
  #isBackingOff = false;
  #isPaused = false;
  #isReused = false;
  #fromProxy = false;
  #mayRepeat = false;
  #isRetrying = false;
  #isExhausted = false;
  #retries = 0;
  #replays = 0;

  constructor(
    runtime: ProxyRuntime,
    exchange: ServerExchange,
    downstream: Downstream,
    onDone: (done: ServedRequest) => void,
  ) {
    super(runtime, exchange.request, downstream);
    this.#exchange = exchange;
    this.#onDone = onDone;
  }

  begin(exchange: ServerExchange, downstream: Downstream, refusal: Failure | undefined): void {
    const head = exchange.request;
    this.#exchange = exchange;
    this.start(head, downstream, exchange.startedAtMs);
    this.#body.reset();
    this.#body.isComplete = head.bodyKind === "none";
    this.#tried.length = 0;
    this.#cluster = undefined;
    this.#client = undefined;
    this.#isPaused = false;
    this.#isRetrying = false;
    this.#isExhausted = false;
    this.#retries = 0;
    this.#replays = 0;
    this.#mayRepeat = isSafeMethod(head.method) || head.has(FIELD.idempotencyKey);
    if (refusal === undefined) this.#act(decideRequest(this));
    else this.#fail(refusal);
  }

  #act(decision: Decision): void {
    if (decision.kind === "forward") {
      this.#forward(decision, this.#clusterOf(decision));
      return;
    }
    if (decision.kind === "refuse") {
      this.#fail(decision.failure, decision.details);
      return;
    }
    this.status = decision.status;
    this.details = "direct_response";
    this.routeName = decision.route.name;
    this.#exchange.reply(routeReply(decision, this));
  }

  #clusterOf(plan: ForwardPlan): UpstreamCluster | undefined {
    const { clusters } = this.runtime;
    if (plan !== passthroughPlan) return clusters.get(plan.cluster);
    const { host, port } = splitAuthority(this.authority);
    return clusters.passthrough(unbracketed(host), Number(port ?? 80));
  }

  #forward(plan: ForwardPlan, cluster: UpstreamCluster | undefined): void {
    this.plan = plan;
    this.routeName = plan.route.name;
    if (cluster === undefined) {
      this.#fail({
        code: "cluster-not-found",
        message: `${this.authority}: ${plan.cluster} does not exist`,
      });
      return;
    }
    if (!cluster.startRequest()) {
      this.#cluster = undefined;
      this.#fail({
        code: "circuit-open",
        message: `${cluster.what}: ${cluster.activeRequests} requests are under way, no more are allowed`,
      });
      return;
    }
    this.#cluster = cluster;
    if (this.#body.isComplete) this.#startRequestTimer(plan);
    this.#try(plan, cluster);
  }

  /** As Envoy's, the route's time begins when the request has arrived whole. */
  #startRequestTimer({ action }: ForwardPlan): void {
    if (action.timeoutMs !== undefined && action.timeoutMs > 0)
      this.runtime.timers.start(this.#requestTimer, action.timeoutMs);
  }

  #try(plan: ForwardPlan, cluster: UpstreamCluster): void {
    const { retry } = plan.action;
    const host = cluster.pick(this.#tried, retry?.hostSelectionAttempts ?? 0);
    if (host === undefined) {
      const message = `${cluster.what}: ${describeHosts(cluster)}`;
      this.#fail({ code: "no-healthy-upstream", message });
      return;
    }
    this.attempts++;
    this.host = host;
    this.#isOnHost = true;
    host.activeRequests++;
    if (retry?.perTryTimeoutMs !== undefined)
      this.runtime.timers.start(this.#tryTimer, retry.perTryTimeoutMs);
    const got = host.pool.acquire(this, this.#mayRepeat && this.#body.mayReplay);
    if (got === "overflow") {
      const { pending } = cluster.usage;
      const message = `${cluster.what}: ${pending} requests wait for a connection, no more may`;
      this.#leaveHost();
      this.#fail({ code: "circuit-open", message });
    } else if (got === undefined) {
      this.#isWaiting = true;
      this.#pauseRequest();
    } else {
      this.connectionMs = 0;
      this.onConnection(got);
    }
  }

  onConnection(connection: ClientConnection): void {
    const { plan } = this;
    if (plan === undefined) return;
    if (this.#isWaiting) {
      this.#isWaiting = false;
      this.connectionMs = this.#elapsedMs();
    }
    this.#isReused = connection.requestCount > 0;
    this.#fromProxy = connection.transport.tls !== undefined;
    const isFirst = this.#fromProxy && !this.#isReused;
    const edits = editRequest(
      this.#requestEdits,
      this,
      plan,
      isFirst ? this.runtime.peerLine : undefined,
    );
    const client = connection.send(this.head, edits, this);
    this.#client = client;
    const hasRoom = this.#body.sendTo(client);
    if (this.#body.isComplete) client.end(this.#body.trailers);
    else if (hasRoom) this.#resumeRequest();
  }

  onConnectionFailed(failure: Failure): void {
    this.#isWaiting = false;
    this.#tryFailed(failure, true, undefined);
  }

  onRequestData(slice: Uint8Array): void {
    const client = this.#client;
    this.#body.hold(slice, client === undefined);
    if (client === undefined) this.#pauseRequest();
    else if (!client.write(slice)) this.#pauseRequest();
  }

  onRequestEnd(trailers: FieldView | undefined): void {
    if (this.#body.isComplete) return;
    this.#body.isComplete = true;
    this.#body.trailers = trailers;
    if (this.plan !== undefined && this.weftError === undefined) this.#startRequestTimer(this.plan);
    this.#client?.end(trailers);
  }

  onRequestDrain(): void {
    this.#resumeRequest();
  }

  onInformational(head: ResponseHead): void {
    this.#exchange.inform(head);
  }

  onResponse(head: ResponseHead): void {
    const { plan, host } = this;
    const cluster = this.#cluster;
    if (plan === undefined || host === undefined || cluster === undefined) return;
    if (head.status === 101) {
      this.#upgrade(head, plan, host);
      return;
    }
    cluster.answered(host, head.status);
    if (plan.action.retry !== undefined && this.#retriesAnswer(head)) return;
    this.runtime.timers.stop(this.#tryTimer);
    this.#body.stopKeeping();
    this.status = head.status;
    if (this.#isExhausted) this.flags = "URX";
    this.firstByteMs = this.#elapsedMs();
    if (this.isGrpc) this.grpcStatus = head.field(FIELD.grpcStatus) ?? "";
    const edits = editResponse(this.#responseEdits, plan.responseEdits, this.#fromProxy);
    this.#exchange.respond(head, edits);
  }

  onResponseData(slice: Uint8Array): void {
    if (!this.#exchange.write(slice)) this.#client?.pauseResponse();
  }

  onResponseDrain(): void {
    this.#client?.resumeResponse();
  }

  onResponseEnd(trailers: FieldView | undefined): void {
    this.#client = undefined;
    if (this.isGrpc) this.grpcStatus = trailers?.field(FIELD.grpcStatus) ?? this.grpcStatus;
    this.#leaveHost();
    this.#exchange.end(trailers); // may end the exchange, and with it this record
  }

  onUpstreamError(error: PeerError, progress: SendProgress): void {
    this.#client = undefined;
    const what = `${this.#cluster?.what ?? ""} at ${this.host?.address ?? ""}`;
    const hasAnswered = progress === "responding";
    const failure = upstreamFailure(error, { what, isReused: this.#isReused, hasAnswered });
    this.#tryFailed(failure, progress === "unsent", error);
  }

  #tryFailed(failure: Failure, unsent: boolean, error: PeerError | undefined): void {
    const { plan, host } = this;
    const cluster = this.#cluster;
    if (plan === undefined || host === undefined || cluster === undefined) return;
    this.#leaveHost();
    if (this.#exchange.hasResponded) {
      this.failed(failure);
      this.#exchange.abort(error ?? new NetError("closed"));
      return;
    }
    if (this.#mayReplay(failure, unsent)) {
      this.#replays++;
      this.attempts--;
      this.#try(plan, cluster);
      return;
    }
    cluster.failedLocally(host);
    if (!this.#retry({ kind: "failure", code: failure.code, unsent }, plan, cluster))
      this.#fail(failure);
  }

  /**
   * A server may close an idle connection just as we send, and an endpoint may leave while a request waits for a connection
   * to it: what it cannot have acted on, or may do twice, goes out anew.
   */
  #mayReplay({ code }: Failure, unsent: boolean): boolean {
    const isNobodysFault = code === "upstream-closed-idle" || code === "no-healthy-upstream";
    if (!isNobodysFault || this.#replays >= MAX_REPLAYS) return false;
    return (unsent || this.#mayRepeat) && this.#body.mayReplay;
  }

  #retriesAnswer(head: ResponseHead): boolean {
    const { plan } = this;
    const cluster = this.#cluster;
    const grpcStatus = this.isGrpc ? head.field(FIELD.grpcStatus) : undefined;
    if (plan === undefined || cluster === undefined) return false;
    if (head.status < 400 && grpcStatus === undefined) return false;
    const outcome: TryOutcome = { kind: "response", status: head.status, grpcStatus };
    if (!this.#retry(outcome, plan, cluster)) return false;
    this.#client?.abort();
    this.#client = undefined;
    this.#leaveHost();
    return true;
  }

  /** True: another try is under way, after a pause. */
  #retry(outcome: TryOutcome, plan: ForwardPlan, cluster: UpstreamCluster): boolean {
    const { retry } = plan.action;
    if (retry === undefined || !this.#body.mayReplay) return false;
    if (!wantsRetry(retry, outcome, this.#mayRepeat)) return false;
    this.#isExhausted = retry.attempts > 0;
    if (this.#retries >= retry.attempts || !(this.#isRetrying || cluster.startRetry()))
      return false;
    this.#isExhausted = false;
    this.#isRetrying = true;
    if (retry.hostSelectionAttempts > 0 && this.host !== undefined) this.#tried.push(this.host);
    const step = { baseMs: retry.backoffBaseMs, maxMs: retry.backoffMaxMs };
    const pauseMs = backoffMs(this.#retries++, step, this.runtime.random);
    this.#pauseRequest();
    this.#isBackingOff = true;
    this.runtime.timers.start(this.#tryTimer, pauseMs);
    return true;
  }

  #tryTimerFired(): void {
    const { plan } = this;
    const cluster = this.#cluster;
    if (plan === undefined || cluster === undefined) return;
    if (this.#isBackingOff) {
      this.#isBackingOff = false;
      this.#try(plan, cluster);
      return;
    }
    const what = `${cluster.what} at ${this.host?.address ?? ""}`;
    this.#giveUpTry();
    const message = `${what}: no answer within ${plan.action.retry?.perTryTimeoutMs ?? 0} ms`;
    this.#tryFailed({ code: "per-try-timeout", message }, false, undefined);
  }

  #timedOut(): void {
    const cluster = this.#cluster;
    const message = `${cluster?.what ?? ""}: no whole answer within ${this.plan?.action.timeoutMs ?? 0} ms`;
    if (this.#isOnHost && this.host !== undefined) cluster?.failedLocally(this.host);
    this.#giveUpTry();
    this.#fail({ code: "request-timeout", message });
  }

  /** Stops what the try of now does; its host is left. */
  #giveUpTry(): void {
    this.runtime.timers.stop(this.#tryTimer);
    this.#isBackingOff = false;
    if (this.#isWaiting) this.host?.pool.cancel(this);
    this.#isWaiting = false;
    this.#client?.abort();
    this.#client = undefined;
    this.#leaveHost();
  }

  /** The last thing that is done with a request that this proxy answers itself. */
  #fail(failure: Failure, details?: string): void {
    this.failed(failure, details);
    if (this.#isExhausted) this.flags = `${this.flags},URX`;
    this.runtime.timers.stop(this.#tryTimer);
    this.runtime.timers.stop(this.#requestTimer);
    const exchange = this.#exchange;
    if (exchange.hasResponded) exchange.abort(new NetError("idle-timeout", failure.message));
    else exchange.reply(failureReply(failure, this, this.head.field(FIELD.accept)));
  }

  #upgrade(head: ResponseHead, plan: ForwardPlan, host: Host): void {
    const client = this.#client;
    const exchange = this.#exchange;
    if (client === undefined) return;
    this.#client = undefined;
    this.status = head.status;
    this.firstByteMs = this.#elapsedMs();
    const edits = editResponse(this.#responseEdits, plan.responseEdits, this.#fromProxy);
    exchange.respond(head, edits);
    host.activeRequests++; // for as long as the tunnel is open; the exchange leaves its own place
    const upstream = client.takeOver();
    openTunnel(exchange.takeOver(), upstream, () => host.activeRequests--);
  }

  onExchangeEnd(error: PeerError | undefined): void {
    const exchange = this.#exchange;
    const cluster = this.#cluster;
    this.runtime.timers.stop(this.#requestTimer);
    this.#giveUpTry();
    if (cluster !== undefined) {
      cluster.endRequest();
      if (this.#isRetrying) cluster.endRetry();
    }
    if (error !== undefined && this.weftError === undefined) this.#callerFailed(error);
    this.bytesReceived = exchange.bodyBytesReceived;
    this.bytesSent = exchange.bodyBytesSent;
    this.finish(this.#series());
    this.#body.reset();
    this.#cluster = undefined;
    this.#onDone(this);
  }

  #callerFailed(error: PeerError): void {
    const isGone = error instanceof NetError;
    const { status } = this;
    this.failed({ code: isGone ? "client-gone" : "bad-request", message: error.message });
    if (isGone && status === 0) this.status = 0; // as Envoy: there was no answer
  }

  #series(): RequestSeries {
    const { downstream, runtime, host } = this;
    if (downstream.listener.kind === "outbound")
      return host === undefined
        ? runtime.metrics.requests(
            outboundPair(runtime.self, this.#cluster?.config, unknownWorkload),
          )
        : host.series;
    downstream.series ??= inboundSeries(
      runtime.metrics,
      runtime.self,
      this.#cluster?.config.destination,
      {
        principal: downstream.principal,
        namespace: downstream.namespace,
        peerLine: this.head.field(FIELD.peer),
      },
    );
    return downstream.series;
  }

  #leaveHost(): void {
    if (!this.#isOnHost) return;
    this.#isOnHost = false;
    if (this.host !== undefined) this.host.activeRequests--;
  }

  #pauseRequest(): void {
    if (this.#isPaused || this.#body.isComplete) return;
    this.#isPaused = true;
    this.#exchange.pauseRequest();
  }

  #resumeRequest(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#exchange.resumeRequest();
  }

  #elapsedMs(): number {
    return this.runtime.clock.monotonicMs() - this.startedAtMs;
  }
}

function describeHosts(cluster: UpstreamCluster): string {
  const { length } = cluster.hosts;
  if (length === 0) return "it has no endpoint";
  return `none of its ${length} endpoints may be used: they are ejected, or do not accept mutual TLS`;
}

function unbracketed(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
