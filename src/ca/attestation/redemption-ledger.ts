/** One use of a counted token. */
export interface Redemption {
  readonly tokenId: string;
  /** The key that it was used for: the same key again is the same use. */
  readonly publicKeyHash: string;
  /** How many different keys the token is good for. */
  readonly usesMax: number;
  /** After this (and a day, for clocks) the token may be forgotten: it is refused for its age. */
  readonly expiresAtMs: number;
}

/** Remembers which tokens were used. Shared by all that issue for one mesh. */
export interface RedemptionLedger {
  /** False when the uses are spent. A true is durable before it resolves; throws CaError `storage`. */
  redeem(redemption: Redemption): Promise<boolean>;
}

interface Used {
  readonly keys: Set<string>;
  expiresAtMs: number;
}

const FORGET_AFTER_MS = 24 * 3600 * 1000;

/** The counting itself, without any memory beyond this process. */
export class RedemptionCount {
  readonly #tokens = new Map<string, Used>();

  /** What using the token would mean now. */
  verdict({ tokenId, publicKeyHash, usesMax }: Redemption): "new" | "again" | "spent" {
    const used = this.#tokens.get(tokenId);
    if (used?.keys.has(publicKeyHash)) return "again";
    return (used?.keys.size ?? 0) < usesMax ? "new" : "spent";
  }

  add({ tokenId, publicKeyHash, expiresAtMs }: Omit<Redemption, "usesMax">): void {
    const used = this.#tokens.get(tokenId) ?? { keys: new Set<string>(), expiresAtMs };
    used.keys.add(publicKeyHash);
    this.#tokens.set(tokenId, used);
  }

  /** Everything that still matters, oldest first. */
  *remaining(nowMs: number): Iterable<Omit<Redemption, "usesMax">> {
    for (const [tokenId, { keys, expiresAtMs }] of this.#tokens)
      if (expiresAtMs + FORGET_AFTER_MS > nowMs)
        for (const publicKeyHash of keys) yield { tokenId, publicKeyHash, expiresAtMs };
  }
}
