import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** A folder that is gone with the scope: `await using dir = await tempDir();` */
export async function tempDir(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), "weft-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
