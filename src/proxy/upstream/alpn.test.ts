import { expect, test } from "bun:test";
import { offeredAlpn } from "./alpn.ts";

test.each([
  [{}, "http1", ["weft-h2", "istio-http/1.1"]],
  [{ multiplexing: "off" }, "http1", ["istio-http/1.1"]],
  [{ protocol: "http2" }, "http2", ["weft-h2", "istio-h2"]],
  [{ protocol: "http2", multiplexing: "off" }, "http2", ["istio-h2"]],
  [{ protocol: "client" }, "http1", ["weft-h2", "istio-http/1.1"]],
  [{ protocol: "client" }, "http2", ["istio-h2"]],
] as const)("a cluster %j offers for %s %j", (cluster, version, expected) => {
  expect(offeredAlpn(cluster, version)).toEqual([...expected]);
});
