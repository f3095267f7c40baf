import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { FUZZ_TARGETS } from "./every-target.ts";
import { FuzzFailure, fuzz, tryInput } from "./fuzz-target.ts";
import { corpusOf, randomFrom } from "./mutations.ts";

const INPUTS = 1_000;
const seed = Date.now() % 2 ** 31;
process.stdout.write(`fuzz seed ${seed}: npm run fuzz -- --seed ${seed}\n`);

describe("every decoder gives a value or its own error", () => {
  for (const target of FUZZ_TARGETS) {
    test(`${target.name}: for each input of its corpus`, () => {
      const corpus = corpusOf(target.name);
      expect(corpus.size).toBeGreaterThan(0);
      for (const bytes of corpus.values()) tryInput(target, bytes);
    });

    test(`${target.name}: for some that are made of these`, () => {
      expect(fuzz(target, randomFrom(seed), (runs) => runs < INPUTS)).toBe(INPUTS);
    }, 30_000);
  }
});

test("an input on which a decoder fails is told with its bytes", () => {
  const target = {
    name: "http1-path",
    dictionary: ["x"],
    run: (bytes: Buffer) => {
      if (bytes.includes("x")) throw new TypeError("an x");
    },
  };
  expect(() => fuzz(target, randomFrom(1), (runs) => runs < INPUTS)).toThrow(FuzzFailure);
  expect(() => tryInput(target, Buffer.from("x"))).toThrow(
    "http1-path failed on base64 eA==: TypeError: an x",
  );
});

test("the same seed gives the same inputs", () => {
  const inputs = (): string[] => {
    const seen: string[] = [];
    const target = {
      name: "hpack",
      dictionary: ["a"],
      run: (bytes: Buffer) => void seen.push(bytes.toString("hex")),
    };
    fuzz(target, randomFrom(7), (runs) => runs < 50);
    return seen;
  };
  expect(inputs()).toEqual(inputs());
});

test("every corpus is one of a target", () => {
  const folders = readdirSync(join(import.meta.dir, "corpus"));
  expect(folders.sort()).toEqual(FUZZ_TARGETS.map(({ name }) => name).sort());
});

/** Of `src/wire`, and who calls it there. */
const CALLED_BY: Readonly<Record<string, string>> = {
  decodeContinuation: "http2-frames reads the flag itself",
  decodeDataLength: "FrameReader",
  decodeFrameLength: "FrameReader",
  decodePushPromise: "takes no bytes",
  decodeSettingsAck: "takes no bytes",
  readConnectionOptions: "decodeRequestHead",
  readFieldBlock: "decodeRequestHead",
  readFraming: "decodeRequestHead",
  readUint31: "FrameReader",
  readUint32: "decodeSettings",
};
const DECODER = /^export (?:function|class) ((?:decode|read)\w+|\w+(?:Decoder|Reader))\b/gm;

test("every decoder of bytes from the wire has a target, or is called by one that has", async () => {
  const targets = await textOf("fuzz/targets/*.ts");
  const decoders = [...(await textOf("src/wire/**/*.ts")).matchAll(DECODER)].map(
    ([, name = ""]) => name,
  );
  expect(decoders.length).toBeGreaterThan(20);
  const missing = decoders.filter((name) => !targets.includes(name) && !(name in CALLED_BY));
  expect(missing).toEqual([]);
});

async function textOf(pattern: string): Promise<string> {
  const root = join(import.meta.dir, "..");
  const files = await Array.fromAsync(new Glob(pattern).scan(root));
  return files
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
}
