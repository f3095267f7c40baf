import type { Clock } from "#core/clock.ts";
import { type HeldCertificate, planRenewal, renewAtMs } from "#core/spiffe/renewal.ts";
import type { CertificateAuthority } from "../certificate-authority.ts";
import type { ServerCertificate, ServerNames } from "../issuing/server-certificate.ts";

/** A server certificate of the control plane that is replaced at half of its life. Its owner runs the timer. */
export class RotatingServerCertificate {
  readonly #ca: CertificateAuthority;
  readonly #names: ServerNames;
  readonly #clock: Clock;
  readonly #random: () => number;
  #current: ServerCertificate;
  #held: HeldCertificate;

  /** Issues the first one; throws CaError as `issueServerCertificate` does. */
  constructor(
    ca: CertificateAuthority,
    names: ServerNames,
    time: { readonly clock: Clock; readonly random: () => number },
  ) {
    this.#ca = ca;
    this.#names = names;
    this.#clock = time.clock;
    this.#random = time.random;
    this.#current = ca.issueServerCertificate(names);
    this.#held = this.#schedule(this.#current);
  }

  get current(): ServerCertificate {
    return this.#current;
  }

  /** Replaces it when that is due, and says when to call again. When the CA refuses, throws, and the old one stays. */
  renewIfDue(): { readonly replaced: boolean; readonly delayMs: number } {
    const step = planRenewal(this.#held, this.#clock.wallMs());
    if (step.kind === "wait") return { replaced: false, delayMs: step.delayMs };
    this.#current = this.#ca.issueServerCertificate(this.#names);
    this.#held = this.#schedule(this.#current);
    const next = planRenewal(this.#held, this.#clock.wallMs());
    return { replaced: true, delayMs: next.kind === "wait" ? next.delayMs : 1 };
  }

  #schedule({ notBeforeMs, notAfterMs }: ServerCertificate): HeldCertificate {
    const validity = { notBeforeMs, notAfterMs };
    return {
      ...validity,
      renewAtMs: renewAtMs(validity, this.#random()),
      obtainedAtMs: this.#clock.wallMs(),
    };
  }
}
