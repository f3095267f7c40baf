import { afterAll, beforeAll, expect, test } from "bun:test";
import { controlPlaneConnector } from "../../../test/support/control-plane-connector.ts";
import { TestConfigSource } from "../../../test/support/control-plane-stand-in.ts";
import {
  makeAuthority,
  type TestAuthority,
  type TestIdentity,
} from "../../../test/support/test-certificates.ts";
import { startGrpcServer, TestServerTls } from "../../../test/support/test-grpc-server.ts";
import type { GrpcServer } from "../server/serve-grpc.ts";
import { systemTimers } from "../stream/timers.ts";
import { XdsError } from "../xds-error.ts";
import type { IssueCertificate } from "./issue-certificate.ts";
import { requestCertificate } from "./request-certificate.ts";

const authority = makeAuthority();
let server: GrpcServer;
let issue: IssueCertificate;

beforeAll(async () => {
  server = await startGrpcServer({
    config: new TestConfigSource(),
    tls: new TestServerTls(authority),
    verifyPeer: authority.verify,
    issue: (request) => issue(request),
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const call = (
  more: { bearer?: string; identity?: TestIdentity; trusts?: TestAuthority; port?: number } = {},
  deadlineMs = 5_000,
) =>
  requestCertificate({
    connect: controlPlaneConnector(() => ({
      port: more.port ?? server.port,
      ...(more.identity ? { identity: more.identity } : {}),
      authority: more.trusts ?? authority,
    })),
    ...(more.bearer === undefined ? {} : { bearer: more.bearer }),
    csrPem: "-----BEGIN CERTIFICATE REQUEST-----",
    validitySeconds: 86_400,
    deadlineMs,
    timers: systemTimers,
  });

test("a token is exchanged for a chain", async () => {
  issue = async ({ bearer, validitySeconds }) => [`${bearer} ${validitySeconds}`, "root"];
  expect(await call({ bearer: "join" })).toEqual(["join 86400", "root"]);
});

test("the current certificate is exchanged for a new one", async () => {
  issue = async ({ peer }) => [`${peer?.namespace}/${peer?.serviceAccount}`];
  expect(await call({ identity: authority.issue("shop", "web") })).toEqual(["shop/web"]);
});

test("a refusal arrives with its code and its words", async () => {
  issue = () => Promise.reject(new XdsError("permission-denied", "the token is for shop/web only"));
  await expect(call({ bearer: "join" })).rejects.toMatchObject({
    code: "permission-denied",
    message: "the token is for shop/web only",
  });
});

test("the token is not sent to a server that is not trusted", async () => {
  let asked = 0;
  issue = async () => [String(asked++)];
  const trusts = makeAuthority("another mesh");
  await expect(call({ bearer: "join", trusts })).rejects.toMatchObject({
    code: "untrusted-server",
  });
  expect(asked).toBe(0);
});

test("an authority that never answers ends with the deadline", async () => {
  issue = () => new Promise(() => undefined);
  await expect(call({ bearer: "join" }, 50)).rejects.toMatchObject({ code: "deadline-exceeded" });
});

test("an empty chain is no certificate", async () => {
  issue = async () => [];
  await expect(call({ bearer: "join" })).rejects.toThrow("answered without a certificate");
});

test("nobody at the address is said so", async () => {
  await expect(call({ bearer: "join", port: 1 })).rejects.toMatchObject({ code: "unavailable" });
});
