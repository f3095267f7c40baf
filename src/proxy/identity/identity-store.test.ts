import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { readSpiffeId } from "#core/spiffe/spiffe-id.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testIssuer } from "../../../test/support/test-issuer.ts";
import { IdentityStore, type IdentityStoreOptions } from "./identity-store.ts";

const id = readSpiffeId("spiffe://cluster.local/ns/shop/sa/web");
const HOUR = 3_600_000;

async function store(options: Partial<IdentityStoreOptions> & { readonly path: string }) {
  let changes = 0;
  const clock = { wall: Date.now() };
  const issuer = testIssuer({ notBeforeMs: clock.wall - HOUR, notAfterMs: clock.wall + HOUR });
  const time: Clock = { monotonicMs: () => performance.now(), wallMs: () => clock.wall };
  const made = new IdentityStore({
    id,
    trustDomain: "cluster.local",
    requestCertificate: async (csr) => issuer.issue(csr, id),
    clock: time,
    random: () => 0.5,
    log: silentLog,
    onRenewed: () => changes++,
    ...options,
  });
  return { made, issuer, clock, changes: () => changes };
}

test("enrolment gives a certificate for a key of our own, and trust in the root that came along", async () => {
  await using dir = await tempDir();
  const { made, changes } = await store({ path: join(dir.path, "identity") });
  await made.enrol();
  expect(made.held?.id).toBe(id);
  expect(made.held?.chainPem).toHaveLength(1);
  expect(
    made.verifier?.verify([made.held?.leaf.der ?? new Uint8Array()], "client", Date.now()).id,
  ).toBe(id);
  expect(changes()).toBe(1);
});

describe("a restart", () => {
  test("finds the identity of the last run, in a file for its owner alone", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "identity");
    const first = await store({ path });
    await first.made.enrol();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = await store({ path });
    expect(second.made.load()).toBe(true);
    expect(second.made.held?.chainPem).toEqual(first.made.held?.chainPem ?? []);
    expect(second.made.verifier).toBeDefined();
  });
  test("does not use a damaged file, an expired certificate, or one of another workload", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "identity");
    const first = await store({ path });
    await first.made.enrol();
    const later = await store({ path });
    later.clock.wall += 2 * HOUR;
    expect(later.made.load()).toBe(false);
    const other = await store({
      path,
      id: readSpiffeId("spiffe://cluster.local/ns/shop/sa/other"),
    });
    expect(other.made.load()).toBe(false);
    writeFileSync(path, "weft-state 1 sha256:0\n{}");
    expect((await store({ path })).made.load()).toBe(false);
  });
});

test("a certificate past half of its life is renewed with a new key, shown to the CA beside the old one", async () => {
  await using dir = await tempDir();
  const shown: boolean[] = [];
  const { made, issuer, clock } = await store({
    path: join(dir.path, "identity"),
    requestCertificate: async (csr, current) => {
      shown.push(current !== undefined);
      return issuer.issue(csr, id);
    },
  });
  await made.enrol();
  const before = made.held;
  clock.wall += HOUR * 0.9;
  made.keepFresh();
  await eventually(() => made.held !== before);
  expect(made.held?.key.privateKeyPem()).not.toBe(before?.key.privateKeyPem());
  expect(shown).toEqual([false, true]);
  made[Symbol.dispose]();
});

test("while the CA does not answer, the certificate of now stays and its end is told apart", async () => {
  await using dir = await tempDir();
  let isDown = false;
  const { made, issuer, clock } = await store({
    path: join(dir.path, "identity"),
    requestCertificate: async (csr) => {
      if (isDown) throw new Error("nobody there");
      return issuer.issue(csr, id);
    },
  });
  await made.enrol();
  isDown = true;
  const before = made.held;
  await expect(made.enrol()).rejects.toThrow("nobody there");
  expect(made.held).toBe(before);
  expect(made.isExpired).toBe(false);
  clock.wall += 2 * HOUR;
  expect(made.isExpired).toBe(true);
});

test("a certificate for another key or name is refused", async () => {
  await using dir = await tempDir();
  const { made, issuer } = await store({
    path: join(dir.path, "identity"),
    requestCertificate: async (csr) => issuer.issue(csr, "spiffe://cluster.local/ns/shop/sa/root"),
  });
  await expect(made.enrol()).rejects.toThrow("we are spiffe://cluster.local/ns/shop/sa/web");
  expect(made.held).toBeUndefined();
});
