import { expect, test } from "bun:test";
import { takeEnvironment } from "./environment.ts";

test("proxy variables leave the environment and are remembered", () => {
  const env: Record<string, string | undefined> = {
    HTTP_PROXY: "http://a",
    https_proxy: "http://b",
    no_proxy: "c",
    PATH: "/bin",
  };
  const { userProxy } = takeEnvironment(env, "1.0.0");
  expect(env).toEqual({ PATH: "/bin" });
  expect(userProxy).toEqual({ HTTP_PROXY: "http://a", https_proxy: "http://b", no_proxy: "c" });
});

test("the data directory is WEFT_DATA_DIR, and an empty value does not count", () => {
  expect(takeEnvironment({ WEFT_DATA_DIR: "/data" }, "1.0.0").dataDir).toBe("/data");
  expect(takeEnvironment({ WEFT_DATA_DIR: "" }, "1.0.0").dataDir).toEndWith("/.weft");
});
