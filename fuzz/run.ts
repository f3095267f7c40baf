/**
 * Feeds every target mutations of its corpus until the time is over: `bun fuzz/run.ts [--for 10s] [--only NAME] [--seed N]`.
 * A failure prints the input as base64 and the seed, writes it to the corpus, and exits 1.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FuzzTarget } from "./target.ts";
import { hpack, huffman } from "./targets/hpack.ts";
import { chunkedBody } from "./targets/http1-body.ts";
import { requestHead, responseHead } from "./targets/http1-heads.ts";
import { path } from "./targets/http1-path.ts";
import { http2Frames } from "./targets/http2-frames.ts";
import { http2RequestHead, http2ResponseHead, http2Trailers } from "./targets/http2-heads.ts";
import { tlsClientHello } from "./targets/tls-client-hello.ts";

const TARGETS: readonly FuzzTarget[] = [
  requestHead,
  responseHead,
  chunkedBody,
  path,
  http2Frames,
  hpack,
  huffman,
  http2RequestHead,
  http2ResponseHead,
  http2Trailers,
  tlsClientHello,
];
const MAX_BYTES = 4_096;

const { values } = parseArgs({
  options: {
    for: { type: "string", default: "10s" },
    only: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});

/** Small, fast and the same for the same seed (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function corpusOf(name: string): Buffer[] {
  const folder = join(import.meta.dir, "corpus", name);
  return readdirSync(folder).map((file) => readFileSync(join(folder, file)));
}

function mutate(
  seed: Buffer,
  dictionary: readonly string[],
  random: (below: number) => number,
): Buffer {
  let bytes = seed;
  for (let round = random(6); round >= 0; round--) {
    const at = random(bytes.length + 1);
    const word = Buffer.from(dictionary[random(dictionary.length)] ?? "", "latin1");
    const edits: (() => Buffer)[] = [
      () => Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]),
      () => Buffer.concat([bytes.subarray(0, at), Buffer.of(random(256)), bytes.subarray(at + 1)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1))]),
      () => bytes.subarray(0, at),
    ];
    bytes = edits[random(edits.length)]?.() ?? bytes;
  }
  return bytes.subarray(0, MAX_BYTES);
}

function fuzz(target: FuzzTarget, forMs: number, seed: number): number {
  const random = randomFrom(seed);
  const corpus = corpusOf(target.name);
  const endsAt = performance.now() + forMs;
  let runs = 0;
  while (runs % 64 !== 0 || performance.now() < endsAt) {
    const bytes = mutate(
      corpus[random(corpus.length)] ?? Buffer.alloc(0),
      target.dictionary,
      random,
    );
    try {
      target.run(bytes);
    } catch (cause) {
      throw new FuzzFailure(target.name, bytes, cause);
    }
    runs++;
  }
  return runs;
}

class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
  readonly bytes: Buffer;

  constructor(target: string, bytes: Buffer, cause: unknown) {
    super(`${target} failed on ${bytes.toString("base64")}`, { cause });
    this.bytes = bytes;
  }
}

function milliseconds(text: string): number {
  const [, amount = "", unit = "s"] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  if (amount === "") throw new RangeError(`not a duration: ${text}`);
  return Number(amount) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? 1_000);
}

const chosen = TARGETS.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) throw new RangeError(`no target ${values.only}`);
const eachMs = milliseconds(values.for) / chosen.length;
for (const target of chosen) {
  try {
    const runs = fuzz(target, eachMs, Number(values.seed));
    process.stdout.write(`${target.name}: ${runs} inputs, seed ${values.seed}\n`);
  } catch (cause) {
    if (cause instanceof FuzzFailure) {
      const folder = join(import.meta.dir, "corpus", target.name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `failure-${Bun.hash(cause.bytes).toString(16)}`), cause.bytes);
    }
    throw cause;
  }
}
