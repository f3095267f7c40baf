import type { SvidVerifier } from "#core/spiffe/svid-verifier.ts";
import type { ServerTls } from "#net/accept-tls.ts";
import { createTlsContext, type TlsContext } from "#net/tls-context.ts";
import type { DialIdentity } from "../upstream/dial.ts";
import type { HeldIdentity } from "./held-identity.ts";
import type { IdentityStore } from "./identity-store.ts";

/** The identity store as handshakes need it. */
export class TlsMaterial {
  readonly #store: IdentityStore;
  readonly #wallMs: () => number;

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
    return { context: tlsContextOf(held), verifier };
  }

  /** For connections from others: TLS here is always mutual. */
  serverTls(alpn: readonly string[]): ServerTls {
    return {
      context: tlsContextOf(this.#store.held), // of nobody: every handshake fails instead of hanging
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
}

const contexts = new WeakMap<HeldIdentity, TlsContext>();
let ofNobody: TlsContext | undefined;

/** One for each certificate, whoever shows it to whom; undefined shows none. */
export function tlsContextOf(held: HeldIdentity | undefined): TlsContext {
  if (held === undefined) {
    ofNobody ??= createTlsContext(undefined);
    return ofNobody;
  }
  const known = contexts.get(held);
  if (known !== undefined) return known;
  const context = createTlsContext({
    certificateChainPem: held.chainPem.join(""),
    privateKeyPem: held.key.privateKeyPem(),
  });
  contexts.set(held, context);
  return context;
}
