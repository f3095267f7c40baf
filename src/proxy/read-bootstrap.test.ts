import { expect, test } from "bun:test";
import { readBootstrap } from "./read-bootstrap.ts";

const address = { host: "127.0.0.1", port: 1 };
const whole = {
  workload: {
    namespace: "shop",
    name: "web-1",
    app: "web",
    serviceAccount: "web",
    labels: {},
    inbound: [],
    outbound: [],
    admin: address,
    version: "1",
  },
  trustDomain: "cluster.local",
  stateDirectory: "state",
  secret: "secret",
  sockets: [],
  drainMs: 0,
};

test("a whole bootstrap is read as it is", () => {
  expect(readBootstrap(JSON.stringify(whole))).toEqual(whole);
});

test.each(["", "  \n"])("%p is none", (line) => {
  expect(() => readBootstrap(line)).toThrow("there is no bootstrap on standard input");
});

test("what is no JSON is said to be none", () => {
  expect(() => readBootstrap("garbage")).toThrow("is not a line of JSON");
});

test.each(["null", "[]", "1", '"text"', "{}", '{"workload":[]}'])(
  "%s lacks what a proxy starts from, and all of it is named",
  (line) => {
    expect(() => readBootstrap(line)).toThrow(/workload\.name: expected a name.*drainMs/);
  },
);

test("a value of another type is named", () => {
  expect(() => readBootstrap(JSON.stringify({ ...whole, drainMs: -1, sockets: {} }))).toThrow(
    "is not complete: sockets: expected a list; drainMs: expected milliseconds",
  );
});
