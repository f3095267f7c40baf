// Who talks nonsense, or in another's name, to the control plane's xDS and CA port: a refusal in words, no certificate, no
// token spent, and the proxies beside notice nothing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { SignJWT } from "jose";
import type { Workload } from "../../src/config/workload.ts";
import { readPrivateKey } from "../../src/core/spiffe/signing-key.ts";
import { readSpiffeId } from "../../src/core/spiffe/spiffe-id.ts";
import { createCsr, createWorkloadKey } from "../../src/core/spiffe/workload-key.ts";
import { CERTIFICATE_PATH, DELTA_PATH, WHOLE_PATH } from "../../src/xds/grpc-paths.ts";
import {
  decodeCertificateResponse,
  encodeCertificateRequest,
} from "../../src/xds/messages/certificate.ts";
import { encodeDeltaRequest } from "../../src/xds/messages/discovery.ts";
import { WEFT_CLIENT_FEATURE } from "../../src/xds/messages/node.ts";
import { typeUrlOf } from "../../src/xds/messages/type-url.ts";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
import { announcementIn, type Mesh, startMesh } from "../support/mesh.ts";
import { openssl } from "../support/openssl.ts";
import { framed, type RawAnswer, rawCall } from "../support/raw-grpc.ts";
import { startServer } from "../support/server.ts";
import { storedObjects } from "../support/stored-objects.ts";
import { makeAuthority, type TestIdentity } from "../support/test-certificates.ts";

const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;
const guest = readSpiffeId("spiffe://cluster.local/ns/shop/sa/guest");

let mesh: Mesh;
let caller: Caller;
let stopCalling: ReturnType<Caller["keepCalling"]>;
let connectedAt: readonly string[];
let stored: Readonly<Record<string, string>>;
let guestIdentity: TestIdentity;

const connections = async () => (await mesh.proxies()).map((proxy) => proxy.connectedAt).sort();
const noise = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const csr = (key = createWorkloadKey(), id = guest): string => createCsr(key, id);

beforeAll(async () => {
  mesh = await startMesh();
  [caller] = await Promise.all([
    startCaller(mesh, ["--name", "me", "-n", "shop"]),
    startServer(mesh, { name: "web" }),
  ]);
  await eventually(async () => (await caller.call("http://web/")).status === 200);
  const key = createWorkloadKey();
  const answer = await askForCertificate(await newToken(), csr(key));
  expect(answer).toMatchObject({ status: 0 });
  const chainPem = decodeCertificateResponse(answer.body.subarray(5)).join("");
  guestIdentity = { chainPem, keyPem: key.privateKeyPem() };
  await eventually(async () => (await mesh.proxies()).length === 2);
  connectedAt = await connections();
  stored = await storedObjects(mesh);
  stopCalling = caller.keepCalling("http://web/", { parallel: 2 });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

async function newToken(uses = 1): Promise<string> {
  const flags = ["-n", "shop", "--service-account", "guest", "--uses", `${uses}`];
  const { exitCode, stdout } = await mesh.weft(["token", "create", ...flags]);
  expect(exitCode).toBe(0);
  return stdout.trim();
}

function askForCertificate(token: string | undefined, csrPem: string): Promise<RawAnswer> {
  return rawCall(announcementIn(mesh.dataDir), {
    path: CERTIFICATE_PATH,
    body: framed(encodeCertificateRequest({ csrPem, validitySeconds: 3_600 })),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
}

const claims = { uses: 5, sub: "system:serviceaccount:shop:guest", jti: "made-by-hand" };
const jwt = (changed: object, expires: string | number): SignJWT =>
  new SignJWT({ ...claims, iss: "weft:cluster.local", aud: "istio-ca", ...changed })
    .setProtectedHeader({ alg: "ES256", typ: "JWT" })
    .setIssuedAt()
    .setExpirationTime(expires);
const strangerKey = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
const meshKey = (): KeyObject =>
  readPrivateKey(readFileSync(join(mesh.dataDir, "tokens/signing-key.pem"), "utf8"));

describe("a certificate is refused to who shows", () => {
  const base64 = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");

  type Case = readonly [what: string, token: () => Promise<string | undefined>, words: RegExp];
  const cases: readonly Case[] = [
    ["nothing", async () => undefined, /neither a join token nor/],
    ["garbage", async () => "garbage", /did not sign it/],
    ["five kilobytes of garbage", async () => "x".repeat(5_000), /over 4096 bytes/],
    ["a token that is cut", async () => (await newToken()).slice(0, -8), /did not sign it/],
    ["a stranger's token", () => jwt({}, "1h").sign(strangerKey), /did not sign it/],
    [
      "a token that nobody signed",
      async () => `${base64({ alg: "none" })}.${base64({ ...claims, aud: "istio-ca" })}.`,
      /did not sign it/,
    ],
    ["a token whose time is over", () => jwt({}, 1_000).sign(meshKey()), /time is over/],
    ["a token for another use", () => jwt({ aud: "x" }, "1h").sign(meshKey()), /its aud/],
    ["another mesh's token", () => jwt({ iss: "weft:x" }, "1h").sign(meshKey()), /its iss/],
  ];

  test.each(cases)("%s", async (_, token, words) => {
    const { status, message } = await askForCertificate(await token(), csr());
    expect(status).toBe(UNAUTHENTICATED);
    expect(message).toMatch(words);
  });

  test("a token whose uses are spent; the key that spent it may ask again", async () => {
    const token = await newToken();
    const key = createWorkloadKey();
    expect((await askForCertificate(token, csr(key))).status).toBe(0);
    const other = await askForCertificate(token, csr());
    expect(other.status).toBe(UNAUTHENTICATED);
    expect(other.message).toContain("was used 1 times");
    expect((await askForCertificate(token, csr(key))).status).toBe(0);
  });
});

describe("a certificate request is refused", () => {
  let token: string;
  const inPem = (der: Uint8Array): string =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
  const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----.*-----/g, ""), "base64");
  const flipped = (der: Buffer): Buffer => {
    der[der.length - 4] = (der.at(-4) ?? 0) ^ 1;
    return der;
  };
  const bySsl = (...flags: readonly string[]): Promise<string> =>
    openssl("req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", "/", ...flags);
  const asCa = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

  beforeAll(async () => {
    token = await newToken();
  });

  type Case = readonly [what: string, request: () => Promise<string>, status: number];
  const cases: readonly Case[] = [
    ["of no bytes", async () => "", INVALID_ARGUMENT],
    ["of garbage", async () => inPem(noise(300)), INVALID_ARGUMENT],
    ["that is cut", async () => inPem(derOf(csr()).subarray(0, 150)), INVALID_ARGUMENT],
    ["twice in one", async () => csr() + csr(), INVALID_ARGUMENT],
    ["with a flipped bit", async () => inPem(flipped(derOf(csr()))), INVALID_ARGUMENT],
    [
      "for a CA",
      () => bySsl(...asCa, "-addext", "basicConstraints=critical,CA:TRUE"),
      INVALID_ARGUMENT,
    ],
    ["with a weak key", () => bySsl("-newkey", "rsa:1024"), INVALID_ARGUMENT],
    [
      "for another's name",
      async () => csr(createWorkloadKey(), readSpiffeId("spiffe://cluster.local/ns/shop/sa/web")),
      PERMISSION_DENIED,
    ],
  ];

  test.each(cases)("%s", async (_, request, expected) => {
    const { status, message } = await askForCertificate(token, await request());
    expect({ status, message }).toMatchObject({ status: expected });
    expect(message).not.toBe("");
  });

  test("of a megabyte", async () => {
    const { status, message } = await askForCertificate(token, inPem(noise(1024 * 1024)));
    expect(status).toBeGreaterThan(0);
    expect(message).toContain("characters");
  });

  test("and none of these spent the token", async () => {
    expect((await askForCertificate(token, csr())).status).toBe(0);
  });
});

describe("the stream of configuration is refused to who", () => {
  const open = (body: Uint8Array, identity?: TestIdentity, path = DELTA_PATH) =>
    rawCall(announcementIn(mesh.dataDir), { path, body, ...(identity ? { identity } : {}) });

  const claim = (changed: Partial<Workload>) => {
    const workload: Workload = {
      namespace: "shop",
      name: "guest-1",
      app: "guest",
      serviceAccount: "guest",
      labels: {},
      inbound: [],
      outbound: [],
      admin: { host: "127.0.0.1", port: 1 },
      version: "0.1.0",
      ...changed,
    };
    return encodeDeltaRequest({
      node: { id: "impostor", workload, features: [WEFT_CLIENT_FEATURE] },
      typeUrl: typeUrlOf("cluster"),
      subscribe: ["*"],
      unsubscribe: [],
      initialVersions: new Map(),
      nonce: "",
    });
  };

  test("shows no certificate", async () => {
    const { status, message } = await open(framed(claim({})));
    expect(status).toBe(UNAUTHENTICATED);
    expect(message).toContain("certificate");
  });

  test("shows one that another authority signed", async () => {
    const { status, message, body } = await open(
      framed(claim({})),
      makeAuthority().issue("shop", "guest"),
    );
    expect([UNAUTHENTICATED, -1]).toContain(status);
    expect(message).not.toBe("");
    expect(body).toHaveLength(0);
  });

  test.each([
    ["another account", { serviceAccount: "web" }],
    ["another namespace", { namespace: "default" }],
  ])("claims to be %s than its certificate says", async (_, changed) => {
    const { status, message, body } = await open(framed(claim(changed)), guestIdentity);
    expect(status).toBe(PERMISSION_DENIED);
    expect(message).toContain("guest");
    expect(body).toHaveLength(0);
  });

  test.each([DELTA_PATH, WHOLE_PATH, CERTIFICATE_PATH])(
    "sends to %s what is no message",
    async (path) => {
      const messages = [framed(noise(500)), framed(claim({}).subarray(0, -10))];
      for (const body of messages) {
        const { status, body: answer } = await open(body, guestIdentity, path);
        expect(status).not.toBe(0);
        expect(answer).toHaveLength(0);
      }
      // What never becomes a message is not answered at all.
      const pieces = [framed(claim({})).subarray(0, -10), Buffer.from("ff7fffffff00", "hex")];
      for (const body of [...pieces, Buffer.from([0xff, ...noise(3_000)])])
        expect((await open(body, guestIdentity, path)).body).toHaveLength(0);
    },
  );

  test("asks for a method that there is not", async () => {
    expect((await open(framed(noise(10)), guestIdentity, "/x.Y/Z")).status).toBe(UNIMPLEMENTED);
  });
});

describe("bytes of no protocol", () => {
  test("end with the connection", async () => {
    const { xds } = announcementIn(mesh.dataDir);
    for (const bytes of [noise(4_000), Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]) {
      const socket = connectTcp(xds);
      socket.on("error", () => undefined); // a reset is an end too
      socket.write(bytes);
      socket.resume();
      await once(socket, "close");
    }
  });

  test("end with the connection inside TLS too", async () => {
    const { xds, roots } = announcementIn(mesh.dataDir);
    const target = { ...xds, ca: roots, servername: "istiod.istio-system.svc" };
    const socket = connectTls({ ...target, ALPNProtocols: ["h2"] });
    socket.on("error", () => undefined);
    socket.write(noise(4_000));
    socket.resume();
    await once(socket, "close");
  });

  test("or none at all, on two hundred connections, keep nobody out", async () => {
    const { xds } = announcementIn(mesh.dataDir);
    const sockets = Array.from({ length: 200 }, () => connectTcp(xds));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    expect((await askForCertificate(await newToken(), csr())).status).toBe(0);
    for (const socket of sockets) socket.destroy();
  });
});

test("after all of that nothing was stored, no stream was lost and no request failed", async () => {
  expect(await connections()).toEqual([...connectedAt]);
  const objects = await storedObjects(mesh);
  expect(Object.keys(objects).sort()).toEqual(Object.keys(stored).sort());
  for (const { sync } of await mesh.proxies())
    for (const { status } of Object.values(sync)) expect(["SYNCED", "NOT SENT"]).toContain(status);
  const tally = await stopCalling();
  expect(tally.failures).toEqual([]);
  expect(tally.calls).toBeGreaterThan(100);
  const started = await startServer(mesh, { name: "late" });
  expect(started.port).toBeGreaterThan(0);
}, 20_000);
