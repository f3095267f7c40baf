import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Mesh } from "./mesh.ts";
import type { Spawned } from "./spawn-weft.ts";

const programs = join(import.meta.dir, "../conformance/grpc-interop");

export interface GrpcServerOptions {
  readonly name: string;
  /** Port of the service; default 50051. */
  readonly servicePort?: number;
  /** What the port is declared to speak; absent: nothing is said. */
  readonly protocol?: string;
  readonly flags?: readonly string[];
}

/** A workload whose application is the gRPC server of the interoperability tests, on Node. */
export async function startGrpcServer(mesh: Mesh, options: GrpcServerOptions): Promise<Spawned> {
  const { name, servicePort = 50_051, protocol, flags = [] } = options;
  const port = await freePort();
  const declared = protocol === undefined ? "" : `/${protocol}`;
  const server = await mesh.run(
    ["--name", name, "-n", "shop", "--port", `${servicePort}:${port}${declared}`, ...flags],
    ["node", join(programs, "server.mjs")],
    { env: { PORT: `${port}` } },
  );
  await server.stdout.line(/^listening$/, 20_000);
  return server;
}

export interface GrpcCalling {
  readonly request?: object;
  readonly metadata?: Readonly<Record<string, string>>;
  /** From now. */
  readonly deadlineMs?: number;
}

/** How a unary call ended. Names of fields in lower case. */
export interface GrpcAnswer {
  readonly code: number;
  readonly details: string;
  readonly response?: object;
  readonly initial: Readonly<Record<string, string>>;
  readonly trailing: Readonly<Record<string, string>>;
}

/** A workload that makes gRPC calls from inside the mesh when the test says so. */
export interface GrpcCaller {
  readonly workload: Spawned;
  /** Throws with what was not as it has to be. */
  runCase(name: string, target: string): Promise<void>;
  unary(target: string, method: string, calling?: GrpcCalling): Promise<GrpcAnswer>;
  /** `received`: the sizes of the messages that came. */
  serverStream(
    target: string,
    method: string,
    calling?: Omit<GrpcCalling, "deadlineMs">,
  ): Promise<Omit<GrpcAnswer, "response"> & { readonly received: readonly number[] }>;
}

/** Starts one with these flags of `weft run`, on Node. */
export async function startGrpcCaller(mesh: Mesh, flags: readonly string[]): Promise<GrpcCaller> {
  const workload = await mesh.run(flags, ["node", join(programs, "client.mjs")]);
  const { port } = await workload.json(20_000);
  const order = async (path: string, value: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      body: JSON.stringify(value),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  };
  return {
    workload,
    runCase: async (name, target) => {
      await order("/case", { case: name, target });
    },
    unary: (target, method, calling = {}) =>
      order("/unary", { ...calling, target, method }) as Promise<GrpcAnswer>,
    serverStream: (target, method, calling = {}) =>
      order("/server-stream", { ...calling, target, method }) as Promise<
        GrpcAnswer & { readonly received: readonly number[] }
      >,
  };
}
