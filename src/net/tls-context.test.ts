import { expect, test } from "bun:test";
import { meshAuthority } from "../../test/support/mesh-tls.ts";
import { createTlsContext, TLS_CIPHERS } from "./tls-context.ts";

const mesh = meshAuthority();

test("a certificate whose key is another one's is refused", () => {
  const { certificateChainPem } = mesh.credentials("web");
  const { privateKeyPem } = mesh.credentials("web");
  expect(() => createTlsContext({ certificateChainPem, privateKeyPem })).toThrow();
});

test("a certificate that is no PEM is refused", () => {
  const { privateKeyPem } = mesh.credentials("web");
  expect(() => createTlsContext({ certificateChainPem: "nothing", privateKeyPem })).toThrow();
});

test("every cipher authenticates what it encrypts", () => {
  for (const cipher of TLS_CIPHERS) expect(cipher).toMatch(/GCM|POLY1305/);
});
