// Servers of Debian's packages as workloads, each on data of its own that is gone with the scope.
import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Mesh } from "./mesh.ts";
import { runProgram, type Spawned } from "./spawn-weft.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

export interface DatabaseServer extends AsyncDisposable {
  /** The program's own, on loopback. */
  readonly port: number;
  readonly workload: Spawned;
}

export interface DatabaseOptions {
  /** The workload's, and its service's. */
  readonly name: string;
  /** `--port`: what the service is called at, and what is said of it (`5432`, or `/tcp` behind it to declare it). */
  readonly servicePort: number;
  readonly protocol?: string;
}

const isRoot = process.getuid?.() === 0;

const as = (user: string): readonly string[] =>
  isRoot ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"] : [];

/** PostgreSQL; the superuser is `mesh`, without a password. Refuses to run as root, so it runs as the user of its package. */
export async function startPostgres(mesh: Mesh, options: DatabaseOptions): Promise<DatabaseServer> {
  const { directory, data } = await dataFolder("postgres");
  const programs = await postgresPrograms();
  await prepare([
    ...[...as("postgres"), join(programs, "initdb"), "--auth=trust", "--username=mesh"],
    ...["--no-sync", "--encoding=UTF8", "--locale=C", "-D", data],
  ]);
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
  return await start(mesh, { ...options, port, directory }, /ready to accept connections/, [
    ...[...as("postgres"), join(programs, "postgres"), "-D", data, "-p", `${port}`],
    ...settings.flatMap((setting) => ["-c", setting]),
  ]);
}

/** MariaDB; `root` has no password. */
export async function startMariaDb(mesh: Mesh, options: DatabaseOptions): Promise<DatabaseServer> {
  const { directory, data } = await dataFolder("mysql");
  const plain = ["--no-defaults", `--datadir=${data}`];
  await prepare([
    ...[...as("mysql"), "mariadb-install-db", ...plain],
    ...["--auth-root-authentication-method=normal", "--skip-test-db"],
  ]);
  const port = await freePort();
  return await start(mesh, { ...options, port, directory }, /ready for connections/, [
    ...[...as("mysql"), "mariadbd", ...plain, `--port=${port}`, "--bind-address=127.0.0.1"],
    ...[`--socket=${join(data, "socket")}`, "--max-allowed-packet=64M"],
  ]);
}

export async function startRedis(mesh: Mesh, options: DatabaseOptions): Promise<DatabaseServer> {
  const directory = await tempDir();
  const port = await freePort();
  return await start(mesh, { ...options, port, directory }, /ready to accept connections/i, [
    ...["redis-server", "--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory.path],
    ...["--save", "", "--appendonly", "no"],
  ]);
}

/** Another workload in front of the same program, as which nobody says what the port speaks. */
export async function inFrontOf(
  mesh: Mesh,
  { port }: DatabaseServer,
  { name, servicePort }: Pick<DatabaseOptions, "name" | "servicePort">,
): Promise<void> {
  const flags = ["--name", name, "-n", "shop", "--port", `${servicePort}:${port}`];
  await mesh.run(flags, ["sleep", "1000"]);
}

async function start(
  mesh: Mesh,
  { name, servicePort, protocol, port, directory }: DatabaseOptions & ServerPlace,
  ready: RegExp,
  command: readonly string[],
): Promise<DatabaseServer> {
  const said = protocol === undefined ? "" : `/${protocol}`;
  const flags = ["--name", name, "-n", "shop", "--port", `${servicePort}:${port}${said}`];
  const workload = await mesh.run(flags, command);
  const { stdout, stderr } = workload;
  await Promise.any([stdout, stderr].map((output) => output.line(ready, 30_000)));
  return { port, workload, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

interface ServerPlace {
  readonly port: number;
  readonly directory: TempDir;
}

/** A folder that its owner alone may use, below one that others may pass. */
async function dataFolder(owner: string): Promise<{ directory: TempDir; data: string }> {
  const directory = await tempDir();
  await chmod(directory.path, 0o755);
  const data = join(directory.path, "data");
  await mkdir(data, { mode: 0o700 });
  if (isRoot) await prepare(["chown", `${owner}:${owner}`, data]);
  return { directory, data };
}

async function prepare(command: readonly string[]): Promise<void> {
  const { exitCode, stderr, stdout } = await runProgram(command);
  if (exitCode !== 0)
    throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
}

/** Debian keeps those of each version in a folder of their own, outside of PATH. */
async function postgresPrograms(): Promise<string> {
  const folder = "/usr/lib/postgresql";
  const newest = (await readdir(folder)).sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error(`${folder} is empty`);
  return join(folder, newest, "bin");
}
