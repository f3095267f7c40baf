// The client and the server with which the gRPC project tests that its implementations understand each other.
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Mesh } from "./mesh.ts";
import { runProgram, type Spawned } from "./spawn-weft.ts";

const root = join(import.meta.dir, "../..");
let folder: string | undefined;

/** The test group brings them. */
function pathOf(program: "client" | "server"): string {
  if (folder === undefined) {
    const run = Bun.spawnSync(["node", join(root, "scripts/grpc-go.mjs")], { stderr: "pipe" });
    if (run.exitCode !== 0) throw new Error(`there is no gRPC of Go: ${run.stderr}`);
    folder = run.stdout.toString().trim();
  }
  return join(folder, program);
}

/** A workload whose service has port 50051. */
export async function startGoServer(
  mesh: Mesh,
  { name, protocol }: { readonly name: string; readonly protocol?: string },
): Promise<Spawned> {
  const port = await freePort();
  const said = protocol === undefined ? "" : `/${protocol}`;
  const flags = ["--name", name, "-n", "shop", "--port", `50051:${port}${said}`];
  return await mesh.run(flags, [pathOf("server"), "--port", `${port}`]);
}

/** One case, towards a loopback port. Throws with what was not as it has to be. */
export async function runGoCase(name: string, port: number): Promise<void> {
  const soak = ["--soak_iterations=200", "--soak_overall_timeout_seconds=20"];
  const { exitCode, stdout, stderr } = await runProgram([
    ...[pathOf("client"), "--server_host=127.0.0.1", `--server_port=${port}`],
    ...[`--test_case=${name}`, ...soak],
  ]);
  if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}: ${stdout}${stderr}`);
}
