import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Mesh } from "./mesh.ts";
import type { Spawned } from "./spawn-weft.ts";

const program = join(import.meta.dir, "../e2e/programs/versioned-server.ts");

export interface ServerOptions {
  /** The workload's. */
  readonly name: string;
  readonly namespace?: string;
  readonly version?: string;
  /** What it calls itself in its answers; default: the workload's name. */
  readonly calls?: string;
  /** Default: 80 and the application's own. */
  readonly servicePort?: number;
  /** While this file exists, it answers 500. */
  readonly failFile?: string;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** SIGTERM ends it only when it has answered what it was asked. */
  readonly finishes?: boolean;
  readonly flags?: readonly string[];
}

export interface Server {
  readonly workload: Spawned;
  /** The application's. */
  readonly port: number;
}

/** Starts a server that says which one it is, and waits until it listens. */
export async function startServer(mesh: Mesh, options: ServerOptions): Promise<Server> {
  const { name, namespace = "shop", version, calls = name, servicePort, host, failFile } = options;
  const port = await freePort();
  const workload = await mesh.run(
    [
      ...["--name", name, "-n", namespace],
      ...["--port", servicePort === undefined ? `${port}` : `${servicePort}:${port}`],
      ...(version === undefined ? [] : ["--label", `version=${version}`]),
      ...(options.flags ?? []),
    ],
    [process.execPath, program],
    {
      env: {
        PORT: `${port}`,
        NAME: calls,
        ...(version === undefined ? {} : { VERSION: version }),
        ...(host === undefined ? {} : { HOST: host }),
        ...(failFile === undefined ? {} : { FAIL_FILE: failFile }),
        ...(options.finishes ? { FINISHES: "yes" } : {}),
      },
    },
  );
  await workload.json();
  return { workload, port };
}
