import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { serviceEntryKind } from "./kind.ts";

const ports = [{ number: 80, name: "http", protocol: "HTTP" }];
const hosts = ["a.example.com"];

test.each([
  [{ hosts: [] }, ["spec.hosts: out-of-range"]],
  [{ hosts: ["*"] }, ["spec.hosts[0]: invalid"]],
  [{ hosts: ["*.example.com"], resolution: "DNS" }, ["spec.hosts[0]: invalid"]],
  [{ hosts: ["*.example.com"] }, []],
  [{ addresses: ["10.0.0.0/8"] }, ["spec.addresses[0]: unsupported-value"]],
  [{ addresses: ["10.0.0"] }, ["spec.addresses[0]: invalid"]],
  [
    { ports: [...ports, ...ports] },
    ["spec.ports[1].name: duplicate", "spec.ports[1].number: duplicate"],
  ],
  [
    { ports: [{ number: 443, name: "tls", protocol: "UDP" }] },
    ["spec.ports[0].protocol: unsupported-value"],
  ],
  [{ ports: [{ number: 443, name: "tls", protocol: "FTP" }] }, ["spec.ports[0].protocol: invalid"]],
  [{ resolution: "DYNAMIC_DNS" }, ["spec.resolution: unsupported-value"]],
  [{ resolution: "DNS_ROUND_ROBIN" }, []],
  [{ hosts: ["*.example.com"], resolution: "DNS_ROUND_ROBIN" }, ["spec.hosts[0]: invalid"]],
  [
    { hosts: ["a.example.com", "b.example.com"], resolution: "DNS_ROUND_ROBIN" },
    ["spec.hosts: invalid"],
  ],
  [
    {
      resolution: "DNS_ROUND_ROBIN",
      endpoints: [{ address: "a.example" }, { address: "b.example" }],
    },
    ["spec.endpoints: invalid"],
  ],
  [
    { resolution: "DNS_ROUND_ROBIN", workloadSelector: { labels: { a: "b" } } },
    ["spec.workloadSelector: invalid"],
  ],
  [{ ports: [{ number: 80, name: "http", targetPort: 80 }] }, []],
  [
    { ports: [{ number: 80, name: "http", targetPort: 8080 }] },
    ["spec.ports[0].targetPort: invalid"],
  ],
  [{ endpoints: [{ address: "192.0.2.1" }] }, ["spec.endpoints: invalid"]],
  [
    { resolution: "STATIC", endpoints: [{ address: "a.example" }] },
    ["spec.endpoints[0].address: invalid"],
  ],
  [{ resolution: "DNS", endpoints: [{ address: "a.example" }] }, []],
  [{ resolution: "STATIC", endpoints: [{ address: "unix:///a" }] }, []],
  [
    { resolution: "STATIC", endpoints: [{ address: "unix:///a", ports: { http: 1 } }] },
    ["spec.endpoints[0].ports.http: invalid"],
  ],
  [
    { resolution: "STATIC", endpoints: [{ address: "unix://a" }] },
    ["spec.endpoints[0].address: invalid"],
  ],
  [
    { resolution: "DNS", endpoints: [{ address: "unix:///a" }] },
    ["spec.endpoints[0].address: invalid"],
  ],
  [
    { resolution: "STATIC", endpoints: [{ address: "192.0.2.1", ports: { htpp: 1 } }] },
    ["spec.endpoints[0].ports.htpp: invalid"],
  ],
  [
    { resolution: "STATIC", endpoints: [{ address: "192.0.2.1", locality: "a" }] },
    ["spec.endpoints[0].locality: unsupported-field"],
  ],
  [
    {
      resolution: "STATIC",
      endpoints: [{ address: "192.0.2.1" }],
      workloadSelector: { labels: { a: "b" } },
    },
    ["spec.workloadSelector: invalid"],
  ],
  [{ subjectAltNames: ["a.example.com"] }, ["spec.subjectAltNames[0]: unsupported-value"]],
  [{ exportTo: ["~"] }, []],
])("%j has the problems %j", (more, expected) => {
  expect(problemsOf(serviceEntryKind, { spec: { hosts, ports, ...more } })).toEqual(expected);
});

test.each([
  ["an entry that answers nobody", { hosts: ["short"], resolution: "STATIC" }, 2],
  ["a place in the mesh where nobody is known", { hosts, location: "MESH_INTERNAL" }, 1],
  ["an entry like others", { hosts, resolution: "DNS" }, 0],
])("%s has its warnings", (_, more, count) => {
  const warnings = serviceEntryKind.warnings?.({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "a", namespace: "shop" },
    spec: { ports, ...more },
  });
  expect(warnings).toHaveLength(count);
});
