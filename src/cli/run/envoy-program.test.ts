import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { checkCarriedByEnvoy, findEnvoy, readEngine } from "./envoy-program.ts";

describe("the engine", () => {
  test("is weft or envoy, and nothing else", () => {
    expect(readEngine("envoy")).toBe("envoy");
    expect(() => readEngine("nginx")).toThrow("--engine nginx: expected weft or envoy");
  });

  test("carries no protocol that it would not understand", () => {
    expect(() => checkCarriedByEnvoy("grpc")).not.toThrow();
    expect(() => checkCarriedByEnvoy("tcp")).toThrow("an Envoy carries http, http2, grpc");
  });
});

describe("the Envoy to run", () => {
  const program = async (words: string) => {
    const directory = await tempDir();
    const path = join(directory.path, "envoy");
    writeFileSync(path, `#!/bin/sh\necho '${words}'\n`);
    chmodSync(path, 0o755);
    return { path: directory.path, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
  };

  test("is the one on PATH, with the version that it says", async () => {
    await using directory = await program("envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL");
    const found = findEnvoy(undefined, { PATH: directory.path });
    expect(found).toEqual({ path: join(directory.path, "envoy"), version: "1.40.0" });
  });

  test("is refused when it is older than any that was tested", async () => {
    await using directory = await program("envoy  version: 9e55/1.30.1/Clean/RELEASE/BoringSSL");
    expect(() => findEnvoy(undefined, { PATH: directory.path })).toThrow(
      "is Envoy 1.30.1: 1.39 or newer is needed",
    );
  });

  test("is refused when it is missing, or something else", async () => {
    expect(() => findEnvoy(undefined, { PATH: "" })).toThrow("there is no envoy on PATH");
    expect(() => findEnvoy("/nowhere/envoy", {})).toThrow("/nowhere/envoy: no such program");
    await using directory = await program("hello");
    expect(() => findEnvoy(undefined, { PATH: directory.path })).toThrow(
      "does not answer as Envoy does",
    );
  });
});
