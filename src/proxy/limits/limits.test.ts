import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { HTTP2_OPTIONS, WEFT_HTTP2_OPTIONS } from "#http/http2/http2-options.ts";
import { SERVER_OPTIONS } from "#http/server/server-options.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { connectionSettings } from "./connection-settings.ts";
import { DEFAULT_LIMITS, limitFacts, limitNames, proxyLimits } from "./limit-table.ts";
import { memoryLimit } from "./memory-limit.ts";
import { limitText, readLimit } from "./read-limits.ts";

describe("a limit is written", () => {
  test.each([
    ["request-head-bytes=16Ki", 16_384],
    ["request-head-bytes=20000", 20_000],
    ["memory=1Gi", 2 ** 30],
    ["request-head-time=500ms", 500],
    ["connection-idle-time=5m", 300_000],
    ["stream-idle-time=0", 0],
    ["connections=20", 20],
    ["memory-no-requests=90%", 90],
  ])("%s", (text, value) => {
    expect(readLimit(text)).toMatchObject({ kind: "value", value });
  });

  test.each([
    ["nothing=1", '"nothing" is no limit'],
    ["connections", "connections: expected a whole number"],
    ["connections=0", "at least 1"],
    ["connections=1s", "expected a whole number"],
    ["request-head-time=10", "expected a time such as 500ms"],
    ["request-head-bytes=1Mi", "up to 65535"],
    ["memory=-1", "expected bytes"],
    ["memory=1e9", "expected bytes"],
  ])("%s is refused", (text, words) => {
    const read = readLimit(text);
    expect(read.kind === "wrong" && read.reason).toContain(words);
  });

  test("in words that are read as the same", () => {
    for (const name of limitNames) {
      const facts = limitFacts(name);
      const text = facts.default === 0 ? "0" : limitText(facts.default, facts);
      expect(readLimit(`${name}=${text}`)).toEqual({ kind: "value", name, value: facts.default });
    }
  });
});

test("several workers share what is the proxy's, and each connection keeps what is its own", () => {
  const shared = proxyLimits({ connections: 100 }, 3);
  expect(shared.connections).toBe(34);
  expect(shared["buffer-memory"]).toBe(Math.ceil(DEFAULT_LIMITS["buffer-memory"] / 3));
  expect(shared["request-head-bytes"]).toBe(DEFAULT_LIMITS["request-head-bytes"]);
});

test("the defaults are those that connections have by themselves", () => {
  const { http1Server, http2Server } = connectionSettings(DEFAULT_LIMITS);
  const { http1Client } = connectionSettings(DEFAULT_LIMITS);
  expect(SERVER_OPTIONS).toMatchObject(http1Server);
  const { budget: _, ...standard } = http2Server.standard;
  const { budget: __, ...weft } = http2Server.weft;
  expect(HTTP2_OPTIONS).toMatchObject(standard);
  expect(WEFT_HTTP2_OPTIONS).toMatchObject(weft);
  expect(http1Client.unreadMs).toBe(30_000);
});

test("memory is what was set, or what the control group allows where that is less", async () => {
  await using dir = await tempDir();
  const file = join(dir.path, "memory.max");
  const limit = (bytes: number): number => memoryLimit(bytes, [join(dir.path, "none"), file]);
  expect(limit(1_000)).toBe(1_000);
  await Bun.write(file, "max\n");
  expect(limit(1_000)).toBe(1_000);
  await Bun.write(file, "500\n");
  expect(limit(1_000)).toBe(500);
  expect(limit(0)).toBe(0);
});
