import { describe, expect, test } from "bun:test";
import { proxyFailures } from "#core/errors/proxy-failures.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { NET_ERRORS, NetError, type NetErrorCode } from "#net/net-error.ts";
import { Http1Error } from "#wire/http1/http1-error.ts";
import { HTTP2_ERRORS, Http2Error, type Http2Reason } from "#wire/http2/http2-error.ts";
import { upstreamFailure } from "./upstream-failure.ts";

const stage = { what: "a at 10.0.0.1:80", mayBeStale: false, hasAnswered: false };
const codeOf = (error: NetError | Http1Error | Http2Error, more: object = {}): string =>
  upstreamFailure(error, { ...stage, ...more }).code;

test.each(Object.keys(NET_ERRORS) as NetErrorCode[])(
  "%s is said in words, of whom and why",
  (code) => {
    const failure = upstreamFailure(new NetError(code, "so it is"), stage);
    expect(failure.message).toBe(`a at 10.0.0.1:80: ${NET_ERRORS[code].message}: so it is`);
    expect(failure.code in proxyFailures).toBe(true);
  },
);

test.each(Object.keys(HTTP2_ERRORS) as Http2Reason[])("%s of HTTP/2 too", (reason) => {
  const failure = upstreamFailure(new Http2Error(reason), stage);
  expect(failure.message).toBe(`a at 10.0.0.1:80: ${HTTP2_ERRORS[reason].message}`);
  expect(proxyFailures[failure.code].status).toBeGreaterThanOrEqual(500);
});

describe("a connection that is gone", () => {
  test.each(["closed", "reset"] as const)("by %s may have been so before the request", (code) => {
    expect(codeOf(new NetError(code))).toBe(`upstream-${code}`);
    expect(codeOf(new NetError(code), { mayBeStale: true })).toBe("upstream-closed-idle");
    expect(codeOf(new NetError(code), { mayBeStale: true, hasAnswered: true })).toBe(
      `upstream-${code}`,
    );
  });

  test("is not what a single stream of it is", () => {
    expect(codeOf(new Http2Error("went-away"), { mayBeStale: true })).toBe("upstream-closed-idle");
    expect(codeOf(new Http2Error("stream-refused"), { mayBeStale: true })).toBe("upstream-reset");
  });
});

test("a breach of HTTP is told apart from an end, and a stranger from a broken handshake", () => {
  expect(codeOf(new Http1Error("truncated", "upstream"))).toBe("upstream-protocol-error");
  expect(codeOf(new Http2Error("bad-preface"))).toBe("upstream-protocol-error");
  const stranger = new SpiffeError("identity-mismatch", "it is somebody else");
  expect(codeOf(new NetError("peer-refused", "x", stranger))).toBe("upstream-identity-mismatch");
  expect(codeOf(new NetError("peer-refused"))).toBe("upstream-tls-failure");
});
