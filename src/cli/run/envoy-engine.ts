import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "#config/workload.ts";
import type { EnvoySettings } from "#proxy/bootstrap.ts";
import { ownCommandLine } from "../own-command-line.ts";

/** What an Envoy with its agent needs beyond what a proxy of ours does. Its folder is removed with it. */
export interface EnvoyEngine extends Disposable {
  readonly engine: Engine;
  readonly settings: EnvoySettings;
  command(): readonly string[];
}

/** A path of a Unix socket has at most 107 octets. */
const FOLDER_MAX_BYTES = 90;

export interface EnvoyEngineOptions {
  /** The program. */
  readonly path: string;
  /** Worker threads. */
  readonly concurrency: number;
  readonly stateDirectory: string;
}

export function openEnvoyEngine(options: EnvoyEngineOptions): EnvoyEngine {
  const { path, concurrency, stateDirectory } = options;
  const socketFolder = makeSocketFolder(stateDirectory);
  return {
    engine: {
      kind: "envoy",
      accessLog: join(stateDirectory, "access.log"),
      credentials: join(stateDirectory, "credentials"),
    },
    settings: { path, concurrency, socketFolder },
    command: () => ownCommandLine(["proxy", "--engine", "envoy", "--bootstrap", "-"], ["--smol"]),
    [Symbol.dispose]: () => rmSync(socketFolder, { recursive: true, force: true }),
  };
}

/** Ours alone, since whoever can connect gets the workload's key. */
function makeSocketFolder(stateDirectory: string): string {
  const own = join(stateDirectory, "envoy");
  if (Buffer.byteLength(own) > FOLDER_MAX_BYTES) return mkdtempSync(join(tmpdir(), "weft-envoy-"));
  mkdirSync(own, { recursive: true, mode: 0o700 });
  return own;
}
