import { expect, test } from "bun:test";
import { parse } from "yaml";
import { kubeconfig } from "./kubeconfig.ts";

test("a kubeconfig holds one context that leads to the server", () => {
  const text = kubeconfig({ url: "https://127.0.0.1:7070", token: "secret", caCert: "PEM" });
  expect(parse(text)).toEqual({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "weft",
    clusters: [
      {
        name: "weft",
        cluster: { server: "https://127.0.0.1:7070", "certificate-authority-data": "UEVN" },
      },
    ],
    users: [{ name: "weft", user: { token: "secret" } }],
    contexts: [{ name: "weft", context: { cluster: "weft", user: "weft", namespace: "default" } }],
  });
});
