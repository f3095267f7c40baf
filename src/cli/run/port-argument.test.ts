import { describe, expect, test } from "bun:test";
import { CliError } from "../cli-error.ts";
import {
  readLabelArgument,
  readPortArgument,
  readPortArguments,
  readUpstreamArgument,
} from "./port-argument.ts";

describe("--port", () => {
  test("one number is the application's port", () => {
    expect(readPortArgument("8080")).toEqual({ workloadPort: 8080 });
  });

  test("two numbers are the service's port and the application's", () => {
    expect(readPortArgument("80:8080")).toEqual({ workloadPort: 8080, servicePort: 80 });
  });

  test("a word after a stroke is what is spoken", () => {
    expect(readPortArgument("5432/tcp")).toEqual({ workloadPort: 5432, protocol: "tcp" });
    expect(readPortArgument("80:9000/grpc-web")).toEqual({
      workloadPort: 9000,
      servicePort: 80,
      protocol: "grpc-web",
    });
    for (const text of ["5432/", "53/udp", "80/spdy", "80/TCP"])
      expect(() => readPortArgument(text)).toThrow(CliError);
  });

  test.each(["", "0", "65536", "http", "80:", ":80", "-1", "8080:0", "1e3"])(
    "%p is refused",
    (text) => {
      expect(() => readPortArgument(text)).toThrow("expected a port");
    },
  );
});

describe("several --port", () => {
  test("are all of them", () => {
    expect(readPortArguments(["80:8080", "9090"])).toHaveLength(2);
  });

  test.each([
    ["8080", "8080"],
    ["80:8080", "80:8081"],
    ["80:8080", "8080"],
  ])("%s and %s are refused", (one, other) => {
    expect(() => readPortArguments([one, other])).toThrow("is given twice");
  });
});

describe("--upstream", () => {
  test("names a host, its port and a loopback port", () => {
    const upstream = { host: "payments.shop", port: 9090, localPort: 19_090 };
    expect(readUpstreamArgument("Payments.shop:9090=19090")).toEqual(upstream);
  });

  test.each(["payments", "payments:9090", "payments:9090=", "pay ments:1=2", ":1=2"])(
    "%p is refused",
    (text) => {
      expect(() => readUpstreamArgument(text)).toThrow("expected a port");
    },
  );
});

test("a label without a value sign is refused", () => {
  expect(() => readLabelArgument("version")).toThrow("KEY=VALUE");
  expect(readLabelArgument("version=v1")).toEqual(["version", "v1"]);
});
