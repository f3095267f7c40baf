import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import { readSpiffeId } from "#core/spiffe/spiffe-id.ts";
import { verifySvid } from "#core/spiffe/verify-svid.ts";
import { createCsr, createWorkloadKey } from "#core/spiffe/workload-key.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { type CertificateAuthority, createCertificateAuthority } from "../certificate-authority.ts";
import { CONTROL_PLANE_NAMES } from "../issuing/server-certificate.ts";
import { ownRootSource } from "../root/own-root.ts";
import { prepareRoot, promoteRoot, retireRoot } from "./root-rotation.ts";
import { RotatingServerCertificate } from "./rotating-server-certificate.ts";

const NOW = Date.UTC(2026, 2, 1);
const DAY_MS = 86_400_000;
const time = { nowMs: NOW };
const clock = { wallMs: () => time.nowMs, monotonicMs: () => time.nowMs };
const options = { trustDomain: "td", clock };
const ID = readSpiffeId("spiffe://td/ns/shop/sa/web");

const loadCa = async (folder: string): Promise<CertificateAuthority> =>
  createCertificateAuthority({
    ...options,
    authority: await ownRootSource(folder, options).load(),
    randomBytes,
  });

async function issuedBy(ca: CertificateAuthority): Promise<readonly Uint8Array[]> {
  const attested = { by: "token", id: ID, redeem: () => Promise.resolve() } as const;
  const { chainPem } = await ca.issue({ csrPem: createCsr(createWorkloadKey(), ID), attested });
  return chainPem.flatMap((pem) => certificatesOfPem(pem));
}

const isTrusted = (ca: CertificateAuthority, chain: readonly Uint8Array[]): boolean => {
  try {
    return verifySvid(chain, ca.bundle, "client", NOW).id === ID;
  } catch {
    return false;
  }
};

describe("a rotation of the root", () => {
  test("leaves no certificate untrusted at any step, and ends with the old root gone", async () => {
    await using dir = await tempDir();
    const before = await loadCa(dir.path);
    const old = await issuedBy(before);

    const next = await prepareRoot(dir.path, options);
    expect((await prepareRoot(dir.path, options)).der).toEqual(next.der);
    const prepared = await loadCa(dir.path);
    const meanwhile = await issuedBy(prepared);
    expect([isTrusted(before, meanwhile), isTrusted(prepared, old)]).toEqual([true, true]);

    const retired = await promoteRoot(dir.path, clock);
    const promoted = await loadCa(dir.path);
    const renewed = await issuedBy(promoted);
    expect([isTrusted(prepared, renewed), isTrusted(promoted, old)]).toEqual([true, true]);
    expect([isTrusted(before, renewed), isTrusted(promoted, renewed)]).toEqual([false, true]);
    expect(promoted.rootsPem.match(/BEGIN/g)).toHaveLength(2);

    await retireRoot(dir.path, retired, clock);
    const after = await loadCa(dir.path);
    expect([isTrusted(after, old), isTrusted(after, renewed)]).toEqual([false, true]);
    await expect(retireRoot(dir.path, next, clock)).rejects.toThrow("promote another");
  });

  test("cannot be promoted before it is prepared", async () => {
    await using dir = await tempDir();
    await loadCa(dir.path);
    await expect(promoteRoot(dir.path, clock)).rejects.toThrow("prepare the next root first");
  });
});

describe("the control plane's own certificate", () => {
  test("is replaced at half of its life, and kept until then", async () => {
    await using dir = await tempDir();
    time.nowMs = NOW;
    const server = new RotatingServerCertificate(await loadCa(dir.path), CONTROL_PLANE_NAMES, {
      clock,
      random: () => 0.5,
    });
    const first = server.current;
    expect(server.renewIfDue()).toEqual({ replaced: false, delayMs: 60_000 });
    time.nowMs = NOW + 14 * DAY_MS;
    expect(server.renewIfDue().replaced).toBe(false);
    expect(server.current).toBe(first);
    time.nowMs = NOW + 15 * DAY_MS;
    expect(server.renewIfDue()).toEqual({ replaced: true, delayMs: 60_000 });
    expect(server.current.notAfterMs).toBe(NOW + 45 * DAY_MS);
    time.nowMs = NOW;
  });

  test("stays in use when a new one cannot be had", async () => {
    await using dir = await tempDir();
    time.nowMs = NOW;
    const ca = await loadCa(dir.path);
    const server = new RotatingServerCertificate(ca, CONTROL_PLANE_NAMES, {
      clock,
      random: () => 0.5,
    });
    const first = server.current;
    time.nowMs = NOW + 20 * 365 * DAY_MS;
    expect(() => server.renewIfDue()).toThrow("the CA's certificates are valid from");
    expect(server.current).toBe(first);
    time.nowMs = NOW;
  });
});
