import type { SvidVerifier } from "#core/spiffe/svid-verifier.ts";
import type { ServerTls } from "#net/accept-tls.ts";
import { createTlsContext, type TlsContext } from "#net/tls-context.ts";
import type { DialIdentity } from "../upstream/dial.ts";
import type { HeldIdentity } from "./held-identity.ts";
import type { IdentityStore } from "./identity-store.ts";

/** The identity store as handshakes need it: one context per certificate, made when it changes. */
export class TlsMaterial {
  readonly #store: IdentityStore;
  readonly #wallMs: () => number;
  #context: TlsContext | undefined;
  #madeOf: HeldIdentity | undefined;
  /** Shows no certificate, so that every handshake fails instead of hanging. */
  readonly #empty = createTlsContext(undefined);

  constructor(store: IdentityStore, wallMs: () => number) {
    this.#store = store;
    this.#wallMs = wallMs;
  }

  /** For connections to others; a text says why there can be none. */
  dialIdentity(): DialIdentity | string {
    const { held, verifier } = this.#store;
    if (held === undefined || verifier === undefined) return "this workload has no certificate yet";
    if (this.#store.isExpired)
      return `this workload's own certificate expired at ${new Date(held.leaf.notAfterMs).toISOString()}`;
    return { context: this.#contextOf(held), verifier };
  }

  /** For connections from others: TLS here is always mutual. */
  serverTls(alpn: readonly string[]): ServerTls {
    const { held } = this.#store;
    return {
      context: held === undefined ? this.#empty : this.#contextOf(held),
      clientCertificate: "require",
      verifyPeer: (chainDer) => this.#verifier().verify(chainDer, "client", this.#wallMs()),
      alpn,
    };
  }

  #verifier(): SvidVerifier {
    const { verifier } = this.#store;
    if (verifier === undefined) throw new Error("there are no trust roots yet");
    return verifier;
  }

  #contextOf(held: HeldIdentity): TlsContext {
    if (this.#context !== undefined && this.#madeOf === held) return this.#context;
    this.#context = createTlsContext({
      certificateChainPem: held.chainPem.join(""),
      privateKeyPem: held.key.privateKeyPem(),
    });
    this.#madeOf = held;
    return this.#context;
  }
}
