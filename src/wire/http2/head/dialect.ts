/**
 * "standard" is RFC 9113. "weft" is spoken between Weft proxies only and lets heads survive byte for byte: names keep their
 * case, Host stays where it was (there is no `:authority` but for CONNECT), so do Transfer-Encoding and Upgrade, an unusual
 * reason phrase travels as `:reason`, and a line with unusual white space travels under its name with the colon.
 */
export type Dialect = "standard" | "weft";

export interface DecodeHeadOptions {
  /** Of the decoded head: bytes of names, values and separators (at most 65,279), and fields, cookie crumbs counted. */
  readonly limits: { readonly maxBytes: number; readonly maxFields: number };
  /** The frame ends the stream: there is no body. */
  readonly endStream: boolean;
  readonly dialect: Dialect;
  /** We have announced SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441). */
  readonly allowsExtendedConnect: boolean;
}
