/** Fields that may not come after a body, since decisions were taken without them (RFC 9110 §6.5.1). */
const FORBIDDEN = new Set(
  (
    "age authorization cache-control connection content-encoding content-length content-range content-type cookie " +
    "date expect expires forwarded host if-match if-modified-since if-none-match if-range if-unmodified-since " +
    "keep-alive location max-forwards pragma proxy-authenticate proxy-authorization proxy-connection range " +
    "retry-after set-cookie te trailer transfer-encoding upgrade vary warning www-authenticate"
  ).split(" "),
);
const FORBIDDEN_PREFIXES = ["x-forwarded-", "x-envoy-", "weft-", "x-weft-"];

/** `name` in lower case. */
export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN.has(name) || FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix));
}
