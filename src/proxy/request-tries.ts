// The tries of one request: from a plan to the head of an answer that is kept, or to the failure that the caller is told of.
//
//   start ──► try: pick host ──► connection ──► send ──► answer ──► onAnswer, body, end
//              ▲      │              │            │         │
//              └──────┴── backoff ◄──┴────────────┴─────────┘       may it be tried again? else onFailed or onBroken

import { backoffMs } from "#core/backoff.ts";
import { httpStatusOfGrpc } from "#core/grpc-status.ts";
import type { ClientConnection } from "#http/client/connection.ts";
import type {
  ClientExchange,
  ClientExchangeEvents,
  FieldView,
  PeerError,
  ResponseHead,
  SendProgress,
  ServerExchange,
} from "#http/exchange.ts";
import { Deadline } from "#http/timer-wheel.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import type { Failure } from "./local-reply.ts";
import { ProtocolChange } from "./protocol-change.ts";
import { RequestBody } from "./request-body.ts";
import { editRequest, FIELD } from "./request-edits.ts";
import type { RequestRecord } from "./request-record.ts";
import { isSafeMethod, mayReplay, type TryOutcome, wantsRetry } from "./resilience/retry.ts";
import type { ForwardPlan } from "./router/compiled-route.ts";
import type { TriesOwner } from "./tries-owner.ts";
import type { ConnectionPool } from "./upstream/connection-pool.ts";
import type { Host } from "./upstream/host.ts";
import { poolFor } from "./upstream/pool-for.ts";
import type { UpstreamCluster } from "./upstream/upstream-cluster.ts";
import { upstreamFailure } from "./upstream/upstream-failure.ts";
import type { Waiter } from "./upstream/waiting-line.ts";

/** One object per record, used again for the next request. Bodies pass through here both ways. */
export class RequestTries implements ClientExchangeEvents, Waiter {
  readonly body: RequestBody;
  /** The last policy that wanted another try was out of tries or of budget. */
  isExhausted = false;
  readonly #record: RequestRecord;
  readonly #owner: TriesOwner;
  readonly #edits = new HeadEdits();
  /** Runs while trying (per-try timeout) or between tries (backoff). */
  readonly #timer = new Deadline(() => this.#timerFired());
  readonly #tried: Host[] = [];
  #exchange: ServerExchange;
  #plan: ForwardPlan | undefined;
  #cluster: UpstreamCluster | undefined;
  #client: ClientExchange | undefined;
  #isOnHost = false;
  #isWaiting = false;
  #isBackingOff = false;
  #isPaused = false;
  /** Where the request of now has its connection from, or waits for one. */
  #pool: ConnectionPool | undefined;
  /** Of the protocol, which few requests ask for. */
  #change: ProtocolChange | undefined;
  #mayBeStale = false;
  #fromProxy = false;
  #mayRepeat = false;
  #isRetrying = false;
  #retries = 0;
  #replays = 0;

  constructor(record: RequestRecord, exchange: ServerExchange, owner: TriesOwner) {
    this.#record = record;
    this.body = new RequestBody(record.runtime.settings.replayBytes);
    this.#exchange = exchange;
    this.#owner = owner;
  }

  /** Forgets the request before. */
  reset(exchange: ServerExchange): void {
    const head = exchange.request;
    this.#exchange = exchange;
    this.body.reset();
    this.body.isComplete = head.bodyKind === "none";
    this.isExhausted = false;
    this.#tried.length = 0;
    this.#plan = undefined;
    this.#cluster = undefined;
    this.#client = undefined;
    this.#change = head.upgrade === "" ? undefined : new ProtocolChange(exchange);
    this.#isPaused = false;
    this.#isRetrying = false;
    this.#retries = 0;
    this.#replays = 0;
    this.#mayRepeat = isSafeMethod(head.method) || head.has(FIELD.idempotencyKey);
  }

  /** The first try. The cluster has counted the request. */
  start(plan: ForwardPlan, cluster: UpstreamCluster): void {
    this.#plan = plan;
    this.#cluster = cluster;
    this.#try(plan, cluster);
  }

  /** A piece of the request's body. */
  send(slice: Uint8Array): void {
    const client = this.#client;
    this.body.hold(slice, client === undefined);
    if (client === undefined) this.#pauseRequest();
    else if (!client.write(slice)) this.#pauseRequest();
  }

  /** The request's body is whole. */
  sendEnd(trailers: FieldView | undefined): void {
    this.body.isComplete = true;
    this.body.trailers = trailers;
    this.#client?.end(trailers);
  }

  resumeResponse(): void {
    this.#client?.resumeResponse();
  }

  /** Stops what is under way; no event follows. */
  giveUp(): void {
    this.#record.runtime.timers.cancel(this.#timer);
    this.#isBackingOff = false;
    if (this.#isWaiting) this.#pool?.cancel(this);
    this.#isWaiting = false;
    this.#client?.abort();
    this.#client = undefined;
    this.#leaveHost();
  }

  /** As `giveUp`, for which the host is to blame. */
  giveUpOnHost(): void {
    const { host } = this.#record;
    if (this.#isOnHost && host !== undefined) this.#cluster?.failedLocally(host);
    this.giveUp();
  }

  /** The request is over: gives its places back. */
  finish(): void {
    const cluster = this.#cluster;
    this.giveUp();
    this.body.reset();
    if (cluster === undefined) return;
    cluster.endRequest();
    if (this.#isRetrying) cluster.endRetry();
    this.#cluster = undefined;
  }

  #try(plan: ForwardPlan, cluster: UpstreamCluster): void {
    const record = this.#record;
    const { retry } = plan;
    const host = cluster.pick(this.#tried, retry?.hostSelectionAttempts ?? 0);
    if (host === undefined) {
      const message = `${cluster.what}: ${cluster.whyNone}`;
      this.#fail({ code: "no-healthy-upstream", message });
      return;
    }
    record.attempts++;
    record.host = host;
    this.#isOnHost = true;
    host.activeRequests++;
    if (retry?.perTryTimeoutMs !== undefined)
      record.runtime.timers.arm(this.#timer, retry.perTryTimeoutMs);
    this.#acquire(poolFor(host, this.#exchange), cluster);
  }

  #acquire(pool: ConnectionPool, cluster: UpstreamCluster): void {
    const record = this.#record;
    this.#pool = pool;
    const got = pool.acquire(this, this.#mayRepeat && this.body.mayReplay);
    if (got === "overflow") {
      const { pending } = cluster.usage;
      const message = `${cluster.what}: ${pending} requests wait for a connection, no more may`;
      this.#leaveHost();
      this.#fail({ code: "circuit-open", message });
    } else if (got === undefined) {
      this.#isWaiting = true;
      this.#pauseRequest();
    } else {
      record.connectionMs = 0;
      this.onConnection(got);
    }
  }

  onConnection(connection: ClientConnection): void {
    const record = this.#record;
    const plan = this.#plan;
    if (plan === undefined) return;
    if (this.#isWaiting) {
      this.#isWaiting = false;
      record.connectionMs = record.elapsedMs();
    }
    const change = this.#change;
    if (change !== undefined && !change.mayGoOn(connection)) {
      this.#changeElsewhere();
      return;
    }
    const isReused = connection.requestCount > 0;
    // One that carries other requests now is not stale; what may be sent twice need not know.
    this.#mayBeStale = isReused && (this.#mayRepeat || connection.idleSinceMs !== undefined);
    this.#fromProxy = connection.transport.tls !== undefined;
    const isFirst = this.#fromProxy && !isReused;
    const peerLine = isFirst ? record.runtime.peerLine : undefined;
    const edits = editRequest(this.#edits, record, plan, peerLine);
    change?.edit(edits, connection, record.runtime.random);
    const client = connection.send(record.head, edits, this);
    this.#client = client;
    const hasRoom = this.body.sendTo(client);
    if (this.body.isComplete) client.end(this.body.trailers);
    else if (hasRoom) this.#resumeRequest();
  }

  /** The connection that was found has no streams for it: it gets a connection of its own, where there is such. */
  #changeElsewhere(): void {
    const { host } = this.#record;
    const cluster = this.#cluster;
    if (host === undefined || cluster === undefined) return;
    if (host.tunnelPool !== this.#pool) {
      this.#acquire(host.tunnelPool, cluster);
      return;
    }
    this.#leaveHost();
    const message = `${cluster.what} at ${host.address}: it speaks HTTP/2, and takes no WebSocket over that`;
    this.#fail({ code: "upgrade-refused", message });
  }

  /** True: nothing is left to do here. Else the protocol stays, and the answer is one like any other. */
  #endsChange(
    change: ProtocolChange,
    head: ResponseHead,
    host: Host,
    cluster: UpstreamCluster,
  ): boolean {
    const isAgreed = head.status === 101;
    if (!isAgreed && !change.isRefusedBy(head)) return false;
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return true;
    const fromProxy = this.#fromProxy;
    const fault = change.faultOf(head);
    if (isAgreed && fault === undefined) {
      const accept = change.acceptEdit(head);
      this.#owner.onUpgraded({ head, fromProxy, client, pool: this.#pool, accept });
      return true;
    }
    client.abort();
    const what = `${cluster.what} at ${host.address}`;
    if (isAgreed) {
      const failure = { code: "upstream-protocol-error", message: `${what}: ${fault}` } as const;
      this.#tryFailed(failure, false, undefined);
      return true;
    }
    cluster.answered(host, head.status);
    this.#leaveHost();
    const message = `${what}: it answered ${head.status} in HTTP/1, without changing the protocol`;
    this.#fail({ code: "upgrade-refused", message });
    return true;
  }

  onConnectionFailed(failure: Failure): void {
    this.#isWaiting = false;
    this.#tryFailed(failure, true, undefined);
  }

  onRequestDrain(): void {
    this.#resumeRequest();
  }

  onInformational(head: ResponseHead): void {
    this.#exchange.inform(head);
  }

  onResponse(head: ResponseHead): void {
    const { host } = this.#record;
    const plan = this.#plan;
    const cluster = this.#cluster;
    if (plan === undefined || host === undefined || cluster === undefined) return;
    if (this.#change !== undefined && this.#endsChange(this.#change, head, host, cluster)) return;
    if (this.#record.isGrpc && head.status === 200) this.#sawGrpcStatus(head);
    else cluster.answered(host, head.status);
    if (plan.retry !== undefined && this.#retriesAnswer(head, plan, cluster)) return;
    this.#record.runtime.timers.cancel(this.#timer);
    this.body.stopKeeping();
    this.#owner.onAnswer(head, this.#fromProxy);
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    if (!this.#exchange.writeRange(bytes, start, end)) this.#client?.pauseResponse();
  }

  onResponseEnd(trailers: FieldView | undefined): void {
    this.#client = undefined;
    if (this.#record.isGrpc && trailers !== undefined) this.#sawGrpcStatus(trailers);
    this.#leaveHost();
    this.#owner.onAnswerEnd(trailers);
  }

  /** How gRPC's answer ended is what counts: it is in the trailers, or in the head of an answer without a body. */
  #sawGrpcStatus(fields: FieldView): void {
    const status = fields.field(FIELD.grpcStatus);
    const { host } = this.#record;
    if (status !== undefined && host !== undefined)
      this.#cluster?.answered(host, httpStatusOfGrpc(status));
  }

  onUpstreamError(error: PeerError, progress: SendProgress): void {
    this.#client = undefined;
    const what = `${this.#cluster?.what ?? ""} at ${this.#record.host?.address ?? ""}`;
    const hasAnswered = progress === "responding";
    const failure = upstreamFailure(error, { what, mayBeStale: this.#mayBeStale, hasAnswered });
    this.#tryFailed(failure, progress === "unsent", error);
  }

  #tryFailed(failure: Failure, unsent: boolean, error: PeerError | undefined): void {
    const record = this.#record;
    const { host } = record;
    const plan = this.#plan;
    const cluster = this.#cluster;
    if (plan === undefined || host === undefined || cluster === undefined) return;
    this.#leaveHost();
    if (this.#exchange.hasResponded) {
      this.#owner.onBroken(failure, error);
      return;
    }
    if (this.body.mayReplay && mayReplay(failure.code, unsent, this.#mayRepeat, this.#replays)) {
      this.#replays++;
      record.attempts--;
      this.#try(plan, cluster);
      return;
    }
    cluster.failedLocally(host);
    if (!this.#retry({ kind: "failure", code: failure.code, unsent }, plan, cluster))
      this.#fail(failure);
  }

  #retriesAnswer(head: ResponseHead, plan: ForwardPlan, cluster: UpstreamCluster): boolean {
    const grpcStatus = this.#record.isGrpc ? head.field(FIELD.grpcStatus) : undefined;
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
    const { retry } = plan;
    const { host, runtime } = this.#record;
    if (retry === undefined || !this.body.mayReplay) return false;
    if (!wantsRetry(retry, outcome, this.#mayRepeat)) return false;
    this.isExhausted = retry.attempts > 0;
    if (this.#retries >= retry.attempts || !(this.#isRetrying || cluster.startRetry()))
      return false;
    this.isExhausted = false;
    this.#isRetrying = true;
    if (retry.hostSelectionAttempts > 0 && host !== undefined) this.#tried.push(host);
    const step = { baseMs: retry.backoffBaseMs, maxMs: retry.backoffMaxMs };
    const pauseMs = backoffMs(this.#retries++, step, runtime.random);
    this.#pauseRequest();
    this.#isBackingOff = true;
    runtime.timers.arm(this.#timer, pauseMs);
    return true;
  }

  #timerFired(): void {
    const plan = this.#plan;
    const cluster = this.#cluster;
    if (plan === undefined || cluster === undefined) return;
    if (this.#isBackingOff) {
      this.#isBackingOff = false;
      this.#try(plan, cluster);
      return;
    }
    const what = `${cluster.what} at ${this.#record.host?.address ?? ""}`;
    this.giveUp();
    const message = `${what}: no answer within ${plan.retry?.perTryTimeoutMs ?? 0} ms`;
    this.#tryFailed({ code: "per-try-timeout", message }, false, undefined);
  }

  #fail(failure: Failure): void {
    this.#record.runtime.timers.cancel(this.#timer);
    this.#owner.onFailed(failure);
  }

  #leaveHost(): void {
    if (!this.#isOnHost) return;
    this.#isOnHost = false;
    const { host } = this.#record;
    if (host !== undefined) host.activeRequests--;
  }

  #pauseRequest(): void {
    if (this.#isPaused || this.body.isComplete) return;
    this.#isPaused = true;
    this.#exchange.pauseRequest();
  }

  #resumeRequest(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#exchange.resumeRequest();
  }
}
