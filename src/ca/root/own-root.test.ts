import { describe, expect, test } from "bun:test";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { CaError } from "../ca-error.ts";
import { OWN_ROOT_FILE, ownRootSource, ROOT_CERTIFICATE_FILE } from "./own-root.ts";

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const options = { trustDomain: "cluster.local", clock };
const YEAR_MS = 365 * 86_400_000;

async function refusal(work: Promise<unknown>): Promise<CaError> {
  const error = await work.catch((cause: unknown) => cause);
  if (error instanceof CaError) return error;
  throw error;
}

describe("the root of our own", () => {
  test("is made once, with a key that only its owner reads, and is the same ever after", async () => {
    await using dir = await tempDir();
    const folder = join(dir.path, "ca");
    const first = await ownRootSource(folder, options).load();
    const again = await ownRootSource(folder, options).load();
    expect(again.certificate.der).toEqual(first.certificate.der);
    expect((await stat(join(folder, OWN_ROOT_FILE))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(first.certificate.publicKey.kind).toBe("ec");
    const life = first.certificate.notAfterMs - Date.now();
    expect(Math.round(life / YEAR_MS)).toBe(10);
    const shown = await readFile(join(folder, ROOT_CERTIFICATE_FILE), "utf8");
    expect(shown).toContain("BEGIN CERTIFICATE");
    expect(shown).not.toContain("PRIVATE");
    expect((await readdir(folder)).sort()).toEqual([OWN_ROOT_FILE, ROOT_CERTIFICATE_FILE]);
  });

  test("is one root when several processes start at once", async () => {
    await using dir = await tempDir();
    const loads = Array.from({ length: 8 }, () => ownRootSource(dir.path, options).load());
    const ders = (await Promise.all(loads)).map(({ certificate }) =>
      Buffer.from(certificate.der).toString("hex"),
    );
    expect(new Set(ders).size).toBe(1);
    expect((await readdir(dir.path)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is refused, and never replaced, when its file is damaged", async () => {
    await using dir = await tempDir();
    await using other = await tempDir();
    const path = join(dir.path, OWN_ROOT_FILE);
    await ownRootSource(dir.path, options).load();
    await ownRootSource(other.path, options).load();
    const good = await readFile(path, "utf8");
    const foreign = await readFile(join(other.path, OWN_ROOT_FILE), "utf8");
    const [certificate, key] = [
      good.slice(0, good.indexOf("-----BEGIN PRIVATE")),
      foreign.slice(foreign.indexOf("-----BEGIN PRIVATE")),
    ];
    for (const bad of [
      "",
      good.slice(0, 300),
      good.slice(0, -60),
      certificate,
      certificate + key,
      "hello",
    ]) {
      await writeFile(path, bad);
      const error = await refusal(ownRootSource(dir.path, options).load());
      expect([error.code, error.message]).toEqual(["bad-ca-files", expect.stringContaining(path)]);
      expect(error.message).not.toContain("PRIVATE KEY---");
      expect(await readFile(path, "utf8")).toBe(bad);
    }
  });

  test("is refused when other users may read its key", async () => {
    await using dir = await tempDir();
    await ownRootSource(dir.path, options).load();
    await chmod(join(dir.path, OWN_ROOT_FILE), 0o640);
    const error = await refusal(ownRootSource(dir.path, options).load());
    expect([error.code, error.message]).toEqual(["storage", expect.stringContaining("chmod 600")]);
  });

  test("is refused after its end", async () => {
    await using dir = await tempDir();
    await ownRootSource(dir.path, options).load();
    const late = { ...options, clock: { ...clock, wallMs: () => Date.now() + 11 * YEAR_MS } };
    const error = await refusal(ownRootSource(dir.path, late).load());
    expect([error.code, error.message]).toEqual([
      "bad-ca-files",
      expect.stringContaining("was valid until"),
    ]);
  });
});
