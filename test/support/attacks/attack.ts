// What an attack is. The tests judge what it is answered and what it costs; the bench measures the same attacks.
import type { AttackSocket } from "./attack-socket.ts";

/** How an attacker reaches the proxy: as anybody, or with a certificate of the mesh. */
export type Over = "plain" | "mtls";

/** What an attacker has to see at the least: one of these words on every connection that it begins, unless it stops itself. */
export type Answer =
  /**
   * `HTTP 431`, `GOAWAY ENHANCE_YOUR_CALM`, `RST_STREAM PROTOCOL_ERROR`; `END` for a close without a word. As the last of
   * several it is what a reset may leave of the others, for a client that never stops sending: some have to be told more.
   */
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** It does nothing that is forbidden: it is served, or left waiting, and costs little. */
  | { readonly kind: "bounded" };

export interface Attack {
  readonly name: string;
  /** One line, without a full stop. */
  readonly what: string;
  readonly over: readonly Over[];
  readonly speaks: "http1" | "http2" | "tls" | "tcp";
  /** Attacking connections at a time. */
  readonly connections: number;
  readonly answer: Answer;
  /** What the proxy may hold for each connection; default 1 MiB. */
  readonly heldBytes?: number;
  /** One connection's attack, to its end. The driver opens the next one. */
  run(lane: Lane): Promise<void>;
}

/** What one attacking connection works with. */
export interface Lane {
  /** A connection as the attack wants it: with TLS where it comes over mutual TLS, its protocol negotiated. */
  open(): Promise<AttackSocket>;
  /** A connection below TLS, whatever it comes over. */
  openRaw(): Promise<AttackSocket>;
  /** How long one that reads nothing waits before it looks what it was told. */
  readonly patience: () => Promise<void>;
  /** The attack is to stop. */
  isOver(): boolean;
  /** Resolves when it is to stop. */
  readonly over: Promise<void>;
}

export const words = (...expected: readonly string[]): Answer => ({
  kind: "words",
  words: expected,
});

export const bounded: Answer = { kind: "bounded" };
