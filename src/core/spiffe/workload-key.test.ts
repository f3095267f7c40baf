import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { openssl } from "../../../test/support/openssl.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { SpiffeError } from "./spiffe-error.ts";
import { readSpiffeId } from "./spiffe-id.ts";
import { createCsr, createWorkloadKey, readWorkloadKey } from "./workload-key.ts";

const ID = readSpiffeId("spiffe://td/ns/shop/sa/web");

describe("a workload's key", () => {
  test("makes a request that openssl verifies and reads", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "csr.pem");
    await writeFile(path, createCsr(createWorkloadKey(), ID));
    const text = await openssl("req", "-in", path, "-noout", "-text", "-verify");
    expect(text).toContain(`URI:${ID}`);
    expect(text).toContain("NIST CURVE: P-256");
  });

  test("is the same after it was kept", () => {
    const key = createWorkloadKey();
    const again = readWorkloadKey(key.privateKeyPem());
    expect(again.signing.publicKey.der).toEqual(key.signing.publicKey.der);
  });

  test("shows itself in no dump", () => {
    const key = createWorkloadKey();
    const secret = key.privateKeyPem().split("\n")[1] ?? "";
    for (const dump of [
      JSON.stringify(key),
      inspect(key, { depth: 9, showHidden: true }),
      String(key),
    ]) {
      expect(dump).not.toContain("PRIVATE");
      expect(dump).not.toContain(secret);
    }
  });

  test("that is damaged, encrypted or weak is refused, and not quoted", () => {
    const pem = createWorkloadKey().privateKeyPem();
    const encrypted = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "secret",
    });
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const weakPem = weak.export({ type: "pkcs8", format: "pem" }).toString();
    for (const bad of [
      "",
      pem.slice(0, 80),
      pem.replace("M", "!"),
      encrypted.toString(),
      weakPem,
    ]) {
      const error = (() => {
        try {
          return readWorkloadKey(bad);
        } catch (cause) {
          return cause;
        }
      })();
      expect(error).toBeInstanceOf(SpiffeError);
      expect(inspect(error, { depth: 9 })).not.toContain(bad.slice(40, 70) || "PRIVATE");
    }
  });
});
