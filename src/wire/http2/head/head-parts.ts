import type { DecodeHeadOptions } from "./dialect.ts";
import { HeadLines } from "./head-lines.ts";

export type BlockKind = "request" | "response" | "trailers";

/** A head while it is put together: its lines, and what was read of pseudo-fields and of the fields that frame the message. */
export class HeadParts extends HeadLines {
  kind: BlockKind = "request";
  isWeft = false;
  /** Pseudo-fields that came: `1 << number` for each number of `PSEUDO`. */
  seen = 0;
  method = "";
  scheme: "" | "http" | "https" = "";
  /** Of `:authority`, else of Host. */
  authority = "";
  protocol = "";
  /** Of the Upgrade field, in lower case: it may come in Weft's dialect only. */
  upgrade = "";
  status = 0;
  /** Content-Length, -1 when there is none. */
  contentLength = -1;
  hasHostField = false;

  clearParts(kind: BlockKind, to: DecodeHeadOptions): void {
    this.clear();
    this.kind = kind;
    this.isWeft = to.dialect === "weft";
    this.seen = 0;
    this.method = "";
    this.scheme = "";
    this.authority = "";
    this.protocol = "";
    this.upgrade = "";
    this.status = 0;
    this.contentLength = -1;
    this.hasHostField = false;
  }
}
