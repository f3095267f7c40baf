import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mesh } from "./mesh.ts";

/** What an echo answers: who it is, and the request as it arrived there. */
export interface Echo {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case, in the order of the wire. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface EchoWorkload extends AsyncDisposable {
  readonly port: number;
  /** Requests that have arrived, by path. */
  readonly seen: ReadonlyMap<string, number>;
}

export interface EchoOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly version?: string;
  readonly flags?: readonly string[];
}

/**
 * A workload whose application is a server of the test's own process. `…/fail-<n>` answers 503 to the first n requests of
 * its path, `…/slow` only after the client has gone.
 */
export async function startEcho(mesh: Mesh, options: EchoOptions): Promise<EchoWorkload> {
  const { name, namespace = "shop", version, flags = [] } = options;
  const seen = new Map<string, number>();
  const label = version === undefined ? name : `${name}-${version}`;
  const server = createServer((request, response) => respond(label, seen, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const labels = version === undefined ? [] : ["--label", `version=${version}`];
  await mesh.run(
    ["--name", name, "-n", namespace, "--port", `${port}`, ...labels, ...flags],
    ["sleep", "1000"],
  );
  return {
    port,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function respond(
  name: string,
  seen: Map<string, number>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { method = "", url: path = "", rawHeaders } = request;
  const count = (seen.get(path) ?? 0) + 1;
  seen.set(path, count);
  request.resume();
  if (path.endsWith("/slow")) return;
  const failures = Number(/fail-(\d+)$/.exec(path)?.[1] ?? 0);
  const headers = rawHeaders.flatMap((field, i) =>
    i % 2 === 0 ? [[field.toLowerCase(), rawHeaders[i + 1] ?? ""] as const] : [],
  );
  const echo: Echo = { name, method, path, headers };
  response.writeHead(count <= failures ? 503 : 200, {
    "content-type": "application/json",
    "x-from": "application",
  });
  response.end(JSON.stringify(echo));
}
