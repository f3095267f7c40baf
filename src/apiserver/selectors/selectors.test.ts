import { describe, expect, test } from "bun:test";
import { ApiError } from "../errors/api-error.ts";
import { readFieldSelector } from "./field-selector.ts";
import { readLabelSelector } from "./label-selector.ts";

const matches = (selector: string, labels: Record<string, string> | undefined): boolean =>
  readLabelSelector(selector)(labels);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiError && error.reason === "BadRequest") return error.message;
    throw error;
  }
  return "accepted";
}

describe("a label selector", () => {
  test("compares for equality, absence counting as unequal", () => {
    expect(matches("app=web", { app: "web" })).toBe(true);
    expect(matches("app==web,tier!=db", { app: "web" })).toBe(true);
    expect(matches("app != web", { app: "web" })).toBe(false);
    expect(matches("app=", { app: "" })).toBe(true);
    expect(matches("app=web", undefined)).toBe(false);
  });

  test("asks for membership and existence", () => {
    expect(matches("app in (web, api),!old", { app: "api" })).toBe(true);
    expect(matches("app notin (web)", {})).toBe(true);
    expect(matches("app notin (web)", { app: "web" })).toBe(false);
    expect(matches("app", { app: "x" })).toBe(true);
    expect(matches("!app", { app: "x" })).toBe(false);
    expect(matches("example.com/app in (a)", { "example.com/app": "a" })).toBe(true);
  });

  test("compares whole numbers", () => {
    expect(matches("n>5", { n: "10" })).toBe(true);
    expect(matches("n<5", { n: "x" })).toBe(false);
  });

  test("is refused when it cannot be read", () => {
    for (const bad of ["app in web", "a b", "=x", "a=b=c", "app in (a", "-x=1", "a>x", "a,,b"])
      expect(refusal(() => readLabelSelector(bad))).toStartWith("unable to parse requirement");
  });
});

describe("a field selector", () => {
  const object = { apiVersion: "v1", kind: "X", metadata: { name: "a", namespace: "shop" } };

  test("knows name and namespace", () => {
    expect(readFieldSelector("metadata.name=a").matches(object)).toBe(true);
    expect(readFieldSelector("metadata.name=a").name).toBe("a");
    expect(readFieldSelector("metadata.namespace!=shop").matches(object)).toBe(false);
  });

  test("refuses other fields in Kubernetes' words", () => {
    expect(refusal(() => readFieldSelector("spec.host=a"))).toBe(
      "field label not supported: spec.host",
    );
  });
});
