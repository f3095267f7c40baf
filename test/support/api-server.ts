// A real API server for tests: SQLite on disk, TLS, a token, and a kubeconfig for clients that nobody here wrote.
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AdmissionPlugin } from "#apiserver/admission/admission.ts";
import { kubeconfig } from "#apiserver/kubeconfig.ts";
import { openRegistry, type Registry } from "#apiserver/registry/registry.ts";
import { type ApiServer, type ServeApiOptions, serveApi } from "#apiserver/serve-api.ts";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodeSubjectAltNames } from "#core/spiffe/encode-extensions.ts";
import type { ResourceKind } from "#resources/kind.ts";
import { openSqliteStore } from "#store/sqlite/open-sqlite-store.ts";
import type { Store } from "#store/store.ts";
import { testKinds } from "./api-kinds.ts";
import { testCa, testSvid } from "./certificates.ts";
import { tempDir } from "./temp-dir.ts";

export const TEST_TOKEN = "a-token-for-tests";
export const TEST_USER = "tester";

export interface TestApi extends AsyncDisposable {
  readonly server: ApiServer;
  readonly registry: Registry;
  readonly store: Store;
  readonly kubeconfig: string;
  readonly caCert: string;
  readonly caFile: string;
  readonly directory: string;
  /** With the token, trusting the test's CA. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Closes the listener and every connection; store and registry stay. */
  stopServing(): Promise<void>;
  /** On the same port. */
  serveAgain(): Promise<void>;
}

export interface TestApiOptions
  extends Partial<Pick<ServeApiOptions, "extraRoutes" | "issueToken" | "limits" | "log">> {
  readonly kinds?: readonly ResourceKind[];
  readonly admission?: readonly AdmissionPlugin[];
  readonly keepChanges?: number;
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const { kinds = testKinds, admission = [], keepChanges = 10_000, ...serve } = options;
  const directory = await tempDir();
  const store = openSqliteStore({ file: join(directory.path, "state.db"), keepChanges });
  const random = Math.random;
  const environment = { clock: systemClock, log: silentLog, random };
  const registry = await openRegistry({
    ...environment,
    store,
    kinds,
    admission,
    uuid: randomUUID,
  });
  const tls = testTls();
  const listen = (port: number) =>
    serveApi({
      ...environment,
      registry,
      tls,
      tokens: [{ token: TEST_TOKEN, user: TEST_USER, groups: ["system:masters"] }],
      address: { host: "127.0.0.1", port },
      ...serve,
    });
  const server = await listen(0);
  let serving: ApiServer = server;
  const file = join(directory.path, "kubeconfig");
  const text = kubeconfig({ url: server.url, token: TEST_TOKEN, caCert: tls.ca });
  await writeFile(file, text, { mode: 0o600 });
  const caFile = join(directory.path, "ca.pem");
  await writeFile(caFile, tls.ca);
  return {
    server,
    registry,
    store,
    kubeconfig: file,
    caCert: tls.ca,
    caFile,
    directory: directory.path,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${TEST_TOKEN}`);
      return fetch(`${server.url}${path}`, { ...init, headers, tls: { ca: tls.ca } });
    },
    stopServing: async () => serving[Symbol.asyncDispose](),
    serveAgain: async () => {
      serving = await listen(server.port);
    },
    [Symbol.asyncDispose]: async () => {
      await serving[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A server certificate for loopback, valid now. */
export function testTls(): { readonly cert: string; readonly key: string; readonly ca: string } {
  const hour = 3600_000;
  const times = { notBeforeMs: Date.now() - hour, notAfterMs: Date.now() + hour };
  const ca = testCa(times);
  const names = { dnsNames: ["localhost"], ipAddresses: [Uint8Array.of(127, 0, 0, 1)] };
  const leaf = testSvid(ca, "spiffe://test/api", {
    ...times,
    name: "api",
    extensions: { [OID.subjectAltName]: encodeSubjectAltNames(names, false) },
  });
  const key = leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { cert: leaf.pem, key, ca: ca.pem };
}
