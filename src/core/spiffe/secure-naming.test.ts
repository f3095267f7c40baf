import { expect, test } from "bun:test";
import { checkIdentity, identityMatches } from "./secure-naming.ts";
import { readSpiffeId } from "./spiffe-id.ts";

const [web, pay] = ["web", "pay"].map((name) => readSpiffeId(`spiffe://td/ns/shop/sa/${name}`));

test("a peer is accepted only when it is one of the expected identities", () => {
  if (!web || !pay) throw new Error("no identities");
  expect(identityMatches(web, new Set([web, pay]))).toBe(true);
  expect(identityMatches(web, new Set([pay]))).toBe(false);
  expect(identityMatches(web, new Set())).toBe(false);
  expect(checkIdentity(web, new Set([web]), "web.shop")).toBe(web);
  expect(() => checkIdentity(web, new Set([pay]), "pay.shop")).toThrow(
    "pay.shop was answered by spiffe://td/ns/shop/sa/web; expected spiffe://td/ns/shop/sa/pay",
  );
  expect(() => checkIdentity(web, new Set(), "pay.shop")).toThrow("no account is known");
});
