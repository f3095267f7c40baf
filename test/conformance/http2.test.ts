/**
 * The rules that h2spec knows, as tests of our own: it can neither show a client certificate nor speak Weft's dialect, so
 * these also reach the listeners between proxies.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CasePeer } from "./http2/case-peer.ts";
import {
  type CaseTarget,
  MUTUAL_TLS_TARGETS,
  PLAINTEXT_TARGETS,
  type RunningTargets,
  runTargets,
} from "./http2/case-targets.ts";
import { HTTP2_CASES } from "./http2/every-case.ts";
import type { Http2Case } from "./http2/http2-case.ts";
import { MALFORMED } from "./http2/message-cases.ts";
import { pieceBytes, randomFrames } from "./http2/random-frames.ts";

let targets: RunningTargets;

beforeAll(async () => {
  targets = await runTargets();
}, 30_000);

afterAll(() => targets?.[Symbol.asyncDispose]());

test("the catalogue has as many cases as h2spec has in each part", () => {
  const counts: Record<string, number> = {};
  for (const { section } of HTTP2_CASES) {
    const part = section.split(" ")[0] ?? "";
    counts[part] = (counts[part] ?? 0) + 1;
  }
  expect(counts).toEqual({ generic: 44, http2: 95, hpack: 7 });
});

async function run(target: CaseTarget, one: Http2Case): Promise<void> {
  const transport = await targets.connect(target);
  try {
    await one.run(new CasePeer(transport, target.manner, one.settings ?? undefined));
  } finally {
    transport.destroy();
  }
}

function everyCase(target: CaseTarget): void {
  const { dialect } = target.manner;
  for (const one of HTTP2_CASES)
    if (dialect === "standard" || !one.isStandardOnly)
      test(`${one.section}: ${one.title}`, () => run(target, one));
}

for (const target of PLAINTEXT_TARGETS)
  describe(`${target.name}:`, () => {
    everyCase(target);
  });

for (const target of MUTUAL_TLS_TARGETS)
  describe(`the inbound port under mutual TLS, by ${target.name}:`, () => {
    everyCase(target);
  });

test("of all the malformed requests, none has reached the application", () => {
  expect(targets.seen.length).toBeGreaterThan(HTTP2_CASES.length);
  expect(targets.seen.filter(({ headers }) => MALFORMED in headers)).toEqual([]);
});

test("whatever frames a client sends, however they are cut, the next client is served", async () => {
  const everyTarget = fc.constantFrom(...PLAINTEXT_TARGETS, ...MUTUAL_TLS_TARGETS);
  await fc.assert(
    fc.asyncProperty(everyTarget, randomFrames, pieceBytes, async (target, makers, size) => {
      const transport = await targets.connect(target);
      const peer = new CasePeer(transport, target.manner, []);
      const bytes = Buffer.concat(makers.map((make) => make(peer)));
      for (let at = 0; at < bytes.length && !transport.isClosed; at += size) {
        peer.send(bytes.subarray(at, at + size));
        await Bun.sleep(0);
      }
      transport.destroy();
      const next = await targets.connect(target);
      const other = new CasePeer(next, target.manner, []);
      other.send(other.get(1));
      await other.answered(1);
      next.destroy();
    }),
    { numRuns: 200 },
  );
}, 60_000);
