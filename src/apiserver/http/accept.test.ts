import { describe, expect, test } from "bun:test";
import { ApiError } from "../errors/api-error.ts";
import { readAccept } from "./accept.ts";

describe("the form that a client accepts", () => {
  test("is an object in JSON unless it asks for something else", () => {
    const asObject = { form: "object", encoding: "json", metaVersion: "v1" } as const;
    for (const header of [
      null,
      "",
      "*/*",
      "application/json",
      "application/vnd.kubernetes.protobuf,application/json",
    ])
      expect(readAccept(header)).toEqual(asObject);
    expect(readAccept("application/yaml")).toEqual({ ...asObject, encoding: "yaml" });
    expect(readAccept("application/yaml;q=0.5,application/json")).toEqual(asObject);
  });

  test("is a table or metadata in the version that it names first", () => {
    const kubectl =
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
    expect(readAccept(kubectl)).toMatchObject({ form: "table", metaVersion: "v1" });
    const beta = "application/json;as=Table;v=v1beta1;g=meta.k8s.io";
    expect(readAccept(beta)).toMatchObject({ form: "table", metaVersion: "v1beta1" });
    const metadata = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    expect(readAccept(metadata)).toMatchObject({ form: "metadata" });
  });

  test("falls through to what we have, or is not acceptable", () => {
    const future = "application/json;as=Table;v=v9;g=meta.k8s.io";
    expect(readAccept(`${future},application/json`).form).toBe("object");
    for (const header of [future, "text/html", "application/json;q=0"])
      expect(() => readAccept(header)).toThrow(ApiError);
  });
});
