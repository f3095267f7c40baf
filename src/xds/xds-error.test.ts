import { expect, test } from "bun:test";
import { asXdsError, codeOfStatus, XdsError, type xdsErrorCodes } from "./xds-error.ts";

test("every gRPC status has a code, and every code leads back to its status", () => {
  for (let status = 1; status <= 16; status++)
    expect(new XdsError(codeOfStatus(status), "").facts.status).toBe(status);
});

test("codes have gRPC's own names for the operator", () => {
  const nameOf = (code: (typeof xdsErrorCodes)[number]) => new XdsError(code, "").statusName;
  expect(nameOf("malformed")).toBe("INVALID_ARGUMENT");
  expect(nameOf("too-large")).toBe("RESOURCE_EXHAUSTED");
  expect(nameOf("untrusted-server")).toBe("UNAUTHENTICATED");
  expect(nameOf("protocol")).toBe("INTERNAL");
  expect(nameOf("permission-denied")).toBe("PERMISSION_DENIED");
});

test("a status outside the list is unknown", () => {
  expect(codeOfStatus(99)).toBe("unknown");
  expect(codeOfStatus(Number.NaN)).toBe("unknown");
});

test("an unknown cause is internal and kept", () => {
  const cause = new Error("disk full");
  expect(asXdsError(cause)).toMatchObject({ code: "internal", message: "disk full", cause });
  expect(asXdsError("text").message).toBe("text");
});
