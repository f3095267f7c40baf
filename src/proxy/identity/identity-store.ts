import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { planRenewal, renewAtMs, renewalRetryMs } from "#core/spiffe/renewal.ts";
import type { SpiffeId } from "#core/spiffe/spiffe-id.ts";
import { SvidVerifier } from "#core/spiffe/svid-verifier.ts";
import { createTrustBundle } from "#core/spiffe/trust-bundle.ts";
import { createCsr, createWorkloadKey, readWorkloadKey } from "#core/spiffe/workload-key.ts";
import { readStateFile, writeStateFile } from "../config/state-file.ts";
import { type HeldIdentity, holdIdentity } from "./held-identity.ts";
import type { KeptIdentity } from "./kept-identity.ts";

/** Sends a CSR (PEM) to the CA. `current` proves who asks; without it the join token has to. Resolves to PEM, leaf first. */
export type RequestCertificate = (
  csrPem: string,
  current: HeldIdentity | undefined,
) => Promise<readonly string[]>;

export interface IdentityStoreOptions {
  readonly id: SpiffeId;
  readonly trustDomain: string;
  /** Where key and certificate are kept, mode 0600. Absent: another worker keeps them. */
  readonly path?: string;
  readonly requestCertificate: RequestCertificate | undefined;
  readonly clock: Clock;
  /** [0, 1) */
  readonly random: () => number;
  readonly log: Log;
  /** A new certificate: connections from now on use it, open ones stay. */
  readonly onRenewed: () => void;
}

/**
 * This workload's own identity and whom it trusts. A certificate is replaced at half of its life, by a new key each time;
 * while the CA does not answer, the one of now serves until its end.
 */
export class IdentityStore implements Disposable {
  readonly #options: IdentityStoreOptions;
  #held: HeldIdentity | undefined;
  #rootsPem: readonly string[] = [];
  #verifier: SvidVerifier | undefined;
  #renewAtMs = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(options: IdentityStoreOptions) {
    this.#options = options;
  }

  get id(): SpiffeId {
    return this.#options.id;
  }

  get held(): HeldIdentity | undefined {
    return this.#held;
  }

  /** Checks peers against the roots of now; undefined while there are none. */
  get verifier(): SvidVerifier | undefined {
    return this.#verifier;
  }

  get rootsPem(): readonly string[] {
    return this.#rootsPem;
  }

  /** Our certificate cannot be shown any more. */
  get isExpired(): boolean {
    return this.#held !== undefined && this.#options.clock.wallMs() > this.#held.leaf.notAfterMs;
  }

  /** What is to be kept of it, or handed to another worker; undefined while there is nothing. */
  get kept(): KeptIdentity | undefined {
    const held = this.#held;
    return held && this.#keptOf(held);
  }

  /** What the last run left, when it is still good: true. */
  load(): boolean {
    const { path, log } = this.#options;
    if (path === undefined) return false;
    const file = readStateFile(path, (json) => this.#read(json as KeptIdentity));
    if (file.kind === "damaged")
      log.warn({ reason: file.reason }, "the kept identity is not used; a new one is asked for");
    return file.kind === "value" && this.#use(file.value);
  }

  /** What another worker of the same proxy has, when it is still good: true. Throws SpiffeError when it is not ours. */
  adopt(kept: KeptIdentity): boolean {
    return this.#use(this.#read(kept));
  }

  /** The trust bundle in force; during a root rotation the old and the new. Throws SpiffeError when it cannot be used. */
  setRoots(rootsPem: readonly string[]): void {
    if (rootsPem.join("") === this.#rootsPem.join("") && this.#verifier !== undefined) return;
    const { trustDomain } = this.#options;
    const bundle = createTrustBundle({ trustDomain, rootsPem: rootsPem.join("") });
    this.#verifier = new SvidVerifier(bundle);
    this.#rootsPem = rootsPem;
    if (this.#held !== undefined) this.#keep(this.#held);
  }

  /** Gets the first certificate; rejects with the CA's reason. */
  async enrol(): Promise<void> {
    await this.#renew();
  }

  /** From now on renews by itself. */
  keepFresh(): void {
    if (this.#options.requestCertificate === undefined || this.#isStopped) return;
    this.#schedule(this.#waitMs());
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #waitMs(): number {
    if (this.#failures > 0) return renewalRetryMs(this.#failures - 1, this.#options.random());
    const held = this.#held;
    if (held === undefined) return 0;
    const { notBeforeMs, notAfterMs } = held.leaf;
    const step = planRenewal(
      { notBeforeMs, notAfterMs, renewAtMs: this.#renewAtMs, obtainedAtMs: held.obtainedAtMs },
      this.#options.clock.wallMs(),
    );
    return step.kind === "wait" ? step.delayMs : -1;
  }

  #schedule(waitMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#tick(), Math.max(0, waitMs));
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    if (this.#failures === 0) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#schedule(waitMs);
        return;
      }
    }
    try {
      await this.#renew();
      this.#failures = 0;
    } catch (cause) {
      this.#failures++;
      this.#sayFailure(cause);
    }
    this.#schedule(this.#waitMs());
  }

  #sayFailure(cause: unknown): void {
    const { log } = this.#options;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (this.isExpired)
      log.error({ reason }, "this workload's certificate has expired and could not be renewed");
    else log.warn({ reason }, "the certificate could not be renewed; the one of now still serves");
  }

  async #renew(): Promise<void> {
    const { requestCertificate, id, clock } = this.#options;
    if (requestCertificate === undefined) throw new Error("there is no control plane to ask");
    const key = createWorkloadKey();
    const certificates = await requestCertificate(createCsr(key, id), this.#held);
    if (this.#isStopped) return;
    const held = holdIdentity(key, id, certificates, clock.wallMs());
    this.#take(held);
    if (this.#verifier === undefined) this.setRoots(held.rootsPem);
    this.#keep(held);
    this.#options.onRenewed();
  }

  #read({ keyPem, certificatesPem, rootsPem }: KeptIdentity): Found {
    const { id, clock } = this.#options;
    const held = holdIdentity(readWorkloadKey(keyPem), id, certificatesPem, clock.wallMs());
    return { held, rootsPem };
  }

  #use({ held, rootsPem }: Found): boolean {
    const { clock, log } = this.#options;
    if (clock.wallMs() > held.leaf.notAfterMs) {
      log.warn(
        { notAfter: held.leaf.notAfterMs },
        "the kept certificate has expired; a new one is asked for",
      );
      return false;
    }
    this.#take(held);
    this.setRoots(rootsPem);
    return true;
  }

  #take(held: HeldIdentity): void {
    this.#held = held;
    this.#renewAtMs = renewAtMs(held.leaf, this.#options.random());
  }

  #keptOf({ key, chainPem, rootsPem }: HeldIdentity): KeptIdentity {
    return {
      keyPem: key.privateKeyPem(),
      certificatesPem: [...chainPem, ...rootsPem],
      rootsPem: this.#rootsPem,
    };
  }

  /** A disk that is full costs the quick restart, not the service. */
  #keep(held: HeldIdentity): void {
    const { path, log } = this.#options;
    if (path === undefined) return;
    try {
      writeStateFile(path, this.#keptOf(held));
    } catch (cause) {
      log.warn({ reason: String(cause) }, "the identity could not be kept on disk");
    }
  }
}

interface Found {
  readonly held: HeldIdentity;
  readonly rootsPem: readonly string[];
}
