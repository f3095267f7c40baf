import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testCa } from "./certificates.ts";

const HOUR_MS = 3_600_000;

/**
 * Writes the files of an authority (`--ca-files`) whose certificates have its own window: they are renewed `renewalMs` from
 * now, and nothing is issued after three times that.
 */
export function writeShortLivedCa(folder: string, renewalMs: number): void {
  const nowMs = Date.now();
  const root = testCa({ notBeforeMs: nowMs - HOUR_MS, notAfterMs: nowMs + HOUR_MS });
  const window = { notBeforeMs: nowMs - renewalMs, notAfterMs: nowMs + 3 * renewalMs };
  const ca = testCa({ issuer: root, name: "short", ...window });
  mkdirSync(folder);
  writeFileSync(join(folder, "root-cert.pem"), root.pem);
  writeFileSync(join(folder, "ca-cert.pem"), ca.pem);
  writeFileSync(join(folder, "cert-chain.pem"), ca.pem);
  const key = ca.privateKey.export({ type: "pkcs8", format: "pem" });
  writeFileSync(join(folder, "ca-key.pem"), key, { mode: 0o600 });
}
