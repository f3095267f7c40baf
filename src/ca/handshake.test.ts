import { describe, expect, test } from "bun:test";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connect, createServer, type PeerCertificate, type TLSSocket } from "node:tls";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import { readSpiffeId, type SpiffeId, spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import { verifySvid } from "#core/spiffe/verify-svid.ts";
import { createCsr, createWorkloadKey } from "#core/spiffe/workload-key.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { attestByCertificate } from "./attestation/by-certificate.ts";
import { openFileLedger } from "./attestation/file-ledger.ts";
import { createJoinTokens } from "./attestation/join-token.ts";
import { loadTokenKey } from "./attestation/token-key.ts";
import { type CertificateAuthority, createCertificateAuthority } from "./certificate-authority.ts";
import { CONTROL_PLANE_NAMES } from "./issuing/server-certificate.ts";
import { selfSignRoot } from "./root/authority.ts";
import { ownRootSource } from "./root/own-root.ts";
import { readAuthority } from "./root/read-authority.ts";

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** What each side saw of the other in one mutual handshake over loopback. */
async function handshake(server: Credentials, client: Credentials, ca: string) {
  const { promise: accepted, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const listener = createServer(
    { ...server, ca, requestCert: true, rejectUnauthorized: true },
    resolve,
  );
  listener.on("tlsClientError", reject);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const socket = connect({
    port,
    host: "127.0.0.1",
    ...client,
    ca,
    checkServerIdentity: () => undefined,
  });
  try {
    const [peer] = await Promise.all([accepted, once(socket, "secureConnect")]);
    const seen = { byServer: chainOf(peer), byClient: chainOf(socket) };
    peer.destroy();
    return seen;
  } finally {
    socket.destroy();
    listener.close();
  }
}

/** The peer's certificates as the runtime hands them over. */
function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let at: PeerCertificate | undefined = socket.getPeerCertificate(true);
  for (let i = 0; at?.raw && i < 8; i++) {
    chain.push(new Uint8Array(at.raw));
    const next: PeerCertificate | undefined =
      "issuerCertificate" in at ? (at.issuerCertificate as PeerCertificate) : undefined;
    at = next === at ? undefined : next;
  }
  return chain;
}

async function credentialsOf(ca: CertificateAuthority, id: SpiffeId): Promise<Credentials> {
  const key = createWorkloadKey();
  const attested = { by: "token", id, redeem: () => Promise.resolve() } as const;
  const { chainPem } = await ca.issue({ csrPem: createCsr(key, id), attested });
  return { cert: chainPem.slice(0, -1).join(""), key: key.privateKeyPem() };
}

const WEB = readSpiffeId("spiffe://td/ns/shop/sa/web");
const PAY = readSpiffeId("spiffe://td/ns/shop/sa/pay");

describe("in a mutual handshake of the runtime", () => {
  test("two workloads verify each other's identities", async () => {
    await using dir = await tempDir();
    const authority = await ownRootSource(dir.path, { trustDomain: "td", clock }).load();
    const ca = createCertificateAuthority({ authority, trustDomain: "td", clock, randomBytes });
    const seen = await handshake(
      await credentialsOf(ca, PAY),
      await credentialsOf(ca, WEB),
      ca.rootsPem,
    );
    expect(verifySvid(seen.byServer, ca.bundle, "client", Date.now()).id).toBe(WEB);
    expect(verifySvid(seen.byClient, ca.bundle, "server", Date.now()).id).toBe(PAY);
  });

  test("a workload of another root does not get through", async () => {
    const [ours, theirs] = [newCa(), newCa()];
    const attempt = handshake(
      await credentialsOf(ours, PAY),
      await credentialsOf(theirs, WEB),
      ours.rootsPem,
    );
    await expect(attempt).rejects.toThrow();
  });

  test("the control plane's server certificate is accepted by name, and proves no workload", async () => {
    const ca = newCa();
    const made = ca.issueServerCertificate(CONTROL_PLANE_NAMES);
    const server = { cert: made.certificatePem, key: made.privateKeyPem() };
    const seen = await handshake(server, await credentialsOf(ca, WEB), ca.rootsPem);
    expect(() => verifySvid(seen.byClient, ca.bundle, "server", Date.now())).toThrow("0 URI names");
  });
});

test("the life of a certificate: a token, a request, a renewal by the certificate, a spent token", async () => {
  await using dir = await tempDir();
  await using ledger = await openFileLedger(join(dir.path, "redemptions"), clock);
  const key = await loadTokenKey(join(dir.path, "token-key.pem"));
  const tokens = createJoinTokens({ trustDomain: "td", key, ledger, clock, randomBytes });
  const authority = await ownRootSource(dir.path, { trustDomain: "td", clock }).load();
  const ca = createCertificateAuthority({ authority, trustDomain: "td", clock, randomBytes });

  const { token } = await tokens.create({ namespace: "shop", serviceAccount: "web" });
  const id = spiffeIdOf({ trustDomain: "td", namespace: "shop", serviceAccount: "web" });
  const csrPem = createCsr(createWorkloadKey(), id);
  const first = await ca.issue({ csrPem, attested: await tokens.attest(token) });

  const chain = first.chainPem.flatMap((pem) => certificatesOfPem(pem));
  const renewal = attestByCertificate(chain, ca.bundle, Date.now());
  const second = await ca.issue({ csrPem: createCsr(createWorkloadKey(), id), attested: renewal });
  const renewed = second.chainPem.flatMap((pem) => certificatesOfPem(pem));
  expect(verifySvid(renewed, ca.bundle, "server", Date.now()).id).toBe(id);

  const thief = ca.issue({
    csrPem: createCsr(createWorkloadKey(), id),
    attested: await tokens.attest(token),
  });
  await expect(thief).rejects.toThrow("was used 1 times");
  await ca.issue({ csrPem, attested: await tokens.attest(token) }); // the first caller again: its answer was lost
});

function newCa(): CertificateAuthority {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const nowMs = Date.now();
  const certificate = selfSignRoot(privateKey, {
    trustDomain: "td",
    serial: randomBytes(16),
    nowMs,
  });
  const authority = readAuthority(
    { certificate, privateKey, chain: [], roots: [certificate] },
    nowMs,
  );
  return createCertificateAuthority({ authority, trustDomain: "td", clock, randomBytes });
}
