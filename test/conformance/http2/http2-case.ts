import type { CasePeer } from "./case-peer.ts";

/** One rule, tried on one connection. */
export interface Http2Case {
  /** `http2 5.1.1`: the part of the catalogue, and the section there. */
  readonly section: string;
  /** What the client does and what comes of it. */
  readonly title: string;
  readonly run: (peer: CasePeer) => Promise<void>;
  /** Of the client's preface; null: the case sends the preface itself. */
  readonly settings: readonly (readonly [id: number, value: number])[] | null;
  /** Weft's own dialect has no such rule. */
  readonly isStandardOnly: boolean;
}

export type CaseOptions = Partial<Pick<Http2Case, "settings" | "isStandardOnly">>;

/** The cases of one section. */
export function section(name: string) {
  return (
    title: string,
    run: (peer: CasePeer) => Promise<void>,
    options: CaseOptions = {},
  ): Http2Case => ({ section: name, title, run, settings: [], isStandardOnly: false, ...options });
}
