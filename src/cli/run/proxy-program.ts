// The proxy as one file, bundled from its sources into the ignored folder `.generated/proxy`: one module instead of some
// 290 is a third less JavaScript heap, which the collector would walk again and again, and starts sooner.
//
// A bundle is used only while every file that went into it has the content that it had then; that is checked by content
// at every start (about 290 files, 8 ms). Else it is made anew (0.2 s), and where that cannot be the proxy runs from
// its sources.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { commandLineOf, ownCommandLine } from "../own-command-line.ts";

const ROOT = join(import.meta.dir, "../../..");
const ENTRY = "src/cli/run/proxy-entry.ts";
const ARGS = ["proxy", "--bootstrap", "-"];
/** Names stay as they are, for stack traces. */
const BUILD_OPTIONS = [
  "--target=bun",
  "--minify-syntax",
  "--minify-whitespace",
  "--external=@bufbuild/protobuf/*",
];
/** A supervisor may be about to start the one before. */
const KEEP_MS = 3_600_000;
const ATTEMPTS = 3;

interface Bundle {
  /** File name of the program in the folder. */
  readonly program: string;
  /** Below the root, sorted. */
  readonly inputs: readonly string[];
  readonly digest: string;
}

export interface ProxyProgramOptions {
  /** Root of the package; default: this one's. */
  readonly root?: string;
  /** Where bundles are kept; default: `.generated/proxy` in the root. */
  readonly folder?: string;
}

/** The command line of a proxy that reads its bootstrap from standard input, made of today's sources. */
export function proxyCommandLine(extraBunFlags: readonly string[] = []): readonly string[] {
  const program = freshProxyProgram();
  if (program === undefined) return ownCommandLine(ARGS, extraBunFlags);
  return commandLineOf(program, ARGS, extraBunFlags);
}

/** The version of the program on disk, which may have been replaced since this process started. */
export function programVersion({
  root = ROOT,
}: Pick<ProxyProgramOptions, "root"> = {}): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined; // it is being replaced in this moment
  }
}

/** The bundle's path; undefined when there is none and none can be made. */
export function freshProxyProgram(options: ProxyProgramOptions = {}): string | undefined {
  const { root = ROOT, folder = join(root, ".generated/proxy") } = options;
  const known = readBundle(folder);
  if (known && digestOf(root, known.inputs) === known.digest) return join(folder, known.program);
  return makeBundle(root, folder, known);
}

/**
 * Builds until the inputs were the same before and after, so that the digest is that of what the bundler has read.
 * Undefined when the sources cannot be bundled, keep changing, or the folder cannot be written.
 */
function makeBundle(root: string, folder: string, known: Bundle | undefined): string | undefined {
  let before = known && digestOf(root, known.inputs);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const work = makeWorkFolder(folder);
    if (work === undefined) return undefined;
    try {
      const inputs = bundle(root, work);
      const digest = inputs && digestOf(root, inputs);
      if (inputs === undefined || digest === undefined) return undefined;
      if (digest === before) return keep(folder, work, { inputs, digest });
      before = digest;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return undefined;
}

function makeWorkFolder(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    return mkdtempSync(join(folder, "new-"));
  } catch {
    return undefined; // installed by another user
  }
}

/** In a process of its own, whose memory is gone afterwards. Returns the files that went in. */
function bundle(root: string, work: string): readonly string[] | undefined {
  const meta = join(work, "meta.json");
  const files = [`--outfile=${join(work, "proxy.js")}`, `--metafile=${meta}`];
  const command = [process.execPath, "build", ENTRY, ...BUILD_OPTIONS, ...files];
  const run = Bun.spawnSync(command, { cwd: root, stdout: "ignore", stderr: "ignore" });
  if (run.exitCode !== 0) return undefined; // the sources will say what is wrong with them
  const { inputs } = JSON.parse(readFileSync(meta, "utf8")) as { inputs: Record<string, unknown> };
  // Both say what an import leads to.
  return [...new Set([...Object.keys(inputs), "package.json", "tsconfig.json"])].sort();
}

/** Of content, names and what builds; undefined when a file is missing. */
function digestOf(root: string, inputs: readonly string[]): string | undefined {
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(JSON.stringify([Bun.version, ENTRY, BUILD_OPTIONS, inputs]));
  try {
    for (const input of inputs) {
      const content = readFileSync(join(root, input));
      hash.update(`${content.length}:`).update(content);
    }
  } catch {
    return undefined;
  }
  return hash.digest("hex");
}

function keep(folder: string, work: string, made: Omit<Bundle, "program">): string {
  const bundle: Bundle = { program: `${made.digest.slice(0, 16)}.js`, ...made };
  const record = join(work, "bundle.json");
  writeFileSync(record, JSON.stringify(bundle));
  const path = join(folder, bundle.program);
  renameSync(join(work, "proxy.js"), path);
  renameSync(record, join(folder, "bundle.json"));
  removeOld(folder, bundle.program);
  return path;
}

function removeOld(folder: string, current: string): void {
  const now = Date.now();
  for (const name of readdirSync(folder)) {
    if (name === current || name === "bundle.json") continue;
    const path = join(folder, name);
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    if (age > KEEP_MS) rmSync(path, { recursive: true, force: true });
  }
}

function readBundle(folder: string): Bundle | undefined {
  try {
    const found = JSON.parse(readFileSync(join(folder, "bundle.json"), "utf8")) as Bundle;
    return statSync(join(folder, found.program)).isFile() ? found : undefined;
  } catch {
    return undefined; // none, or not ours: it is made anew
  }
}
