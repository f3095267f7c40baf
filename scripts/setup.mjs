// Makes a fresh clone ready: packages, the Bun binary, the generated protobuf code. Plain Node, no dependency, and quick
// when nothing is to be done. Progress goes to standard error; `--print-bun` prints the binary's path for the launcher.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findBun } from "./find-bun.mjs";
import { generateMessages, messagesAreFresh, touchStamp } from "./generate-messages.mjs";
import { packageFinder, packagesAreInstalled } from "./installed-packages.mjs";
import { SetupError } from "./setup-error.mjs";
import { withSetupLock } from "./setup-lock.mjs";

const OLDEST_NODE = 18;
const HEARTBEAT_MS = 5_000;
/** npm goes on for many seconds when it is told to stop, and what it leaves behind is installed anew in any case. */
const PATIENCE_MS = 1_000;

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const record = path.join(root, ".generated", "bun");
const find = packageFinder(root);

/** Makes everything ready and returns the path of the Bun binary. Throws SetupError. */
export async function setUp() {
  refuseOldNode();
  if (isInstalledPackage()) return findBun(find);
  const known = readyBun();
  if (known !== undefined) return known;
  return withSetupLock(root, say, async (holdFor) => readyBun() ?? makeReady(holdFor));
}

/** The Bun binary when nothing is to be done; also tells the launcher that its record still holds. */
function readyBun() {
  if (!packagesAreInstalled(root) || !fs.existsSync(record)) return undefined;
  const bun = path.join(root, fs.readFileSync(record, "utf8").trim());
  if (!fs.existsSync(bun) || !messagesAreFresh(root, find)) return undefined;
  touchStamp(root);
  fs.utimesSync(record, new Date(), new Date());
  return bun;
}

async function makeReady(holdFor) {
  removeLeftovers();
  if (!packagesAreInstalled(root)) await installPackages(holdFor);
  const bun = findBun(find);
  linkBun(bun);
  if (!messagesAreFresh(root, find)) {
    say("generating Envoy's messages");
    const files = generateMessages(root, find);
    say(`generated ${files} files`);
  }
  // `weft run` makes it where this does not.
  const flags = [`--config=${path.join(root, "bunfig.toml")}`, "--no-env-file", "--no-install"];
  spawnSync(bun, [...flags, path.join(root, "scripts/make-proxy-program.ts")], { stdio: "ignore" });
  fs.writeFileSync(`${record}.new`, `${path.relative(root, bun)}\n`);
  fs.renameSync(`${record}.new`, record);
  return bun;
}

/** What an interrupted set-up left behind; nobody else is at work while we hold the lock. */
function removeLeftovers() {
  const folder = path.dirname(record);
  for (const name of fs.readdirSync(folder))
    if (name.startsWith("messages-")) fs.rmSync(path.join(folder, name), { recursive: true });
}

/** Where npm did not run Bun's install script, `npx bun` would start a placeholder. */
function linkBun(bun) {
  const link = path.join(root, "node_modules/.bin/bun");
  if (fs.existsSync(link) && fs.statSync(link).size > 1_000_000) return;
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.relative(path.dirname(link), bun), link);
}

async function installPackages(holdFor) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  say("installing packages (npm ci); once per clone");
  const heartbeat = setInterval(() => say(`still installing, ${seconds()} s`), HEARTBEAT_MS);
  try {
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    await runNpm(["ci", "--ignore-scripts", "--include=dev", ...quiet], holdFor);
  } finally {
    clearInterval(heartbeat);
  }
  if (!packagesAreInstalled(root))
    throw new SetupError(
      "npm ci ended well, but packages are missing",
      "remove node_modules and try again; npm config get omit should print nothing",
    );
  say(`packages installed in ${seconds()} s`);
}

async function runNpm(args, holdFor) {
  const script = process.env.npm_execpath;
  const withNode = script !== undefined && /npm-cli\.[cm]?js$/.test(script);
  const command = withNode ? [process.execPath, script] : ["npm"];
  const child = spawn(command[0], [...command.slice(1), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) holdFor(child.pid);
  const output = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const forget = endWith(child);
  const ended = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  forget();
  if (ended.error?.code === "ENOENT")
    throw new SetupError("npm was not found", "install Node.js together with npm, then try again");
  if (ended.error || ended.code !== 0) throw npmFailure(ended, Buffer.concat(output).toString());
}

function npmFailure(ended, output) {
  const how = ended.error?.message ?? ended.signal ?? `exit code ${ended.code}`;
  const said = output.trim().split("\n").slice(0, 12).join("\n");
  return new SetupError(`npm ci failed (${how}):\n${said}`, npmHint(output));
}

function npmHint(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET/.test(output))
    return "the package registry cannot be reached: check the network, the proxy variables and npm config get registry";
  if (/ENOSPC/.test(output)) return "the disk is full; about 700 MB are needed";
  if (/EACCES|EPERM/.test(output))
    return "a file of node_modules belongs to another user: remove node_modules and try again";
  if (/EUSAGE|in sync/.test(output))
    return "package.json and package-lock.json disagree: run npm install";
  return "the lines above are npm's own; nothing else was changed, so trying again is safe";
}

/** A signal to the set-up ends npm first; the next run sees an unfinished node_modules and starts over. */
function endWith(child) {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  const handlers = Object.entries(codes).map(([signal, code]) => {
    const handler = () => {
      child.once("close", () => process.exit(code));
      child.kill(signal);
      setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    };
    process.once(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

/** In somebody's node_modules the package is complete, and its files are not ours to change. */
function isInstalledPackage() {
  return path.basename(path.dirname(root)) === "node_modules";
}

function refuseOldNode() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < OLDEST_NODE)
    throw new SetupError(
      `Node.js ${process.versions.node} is too old`,
      `install Node.js ${OLDEST_NODE} or newer (it only starts Weft; Weft itself runs on Bun)`,
    );
}

function say(line) {
  process.stderr.write(`weft: ${line}\n`);
}

/** Prints a set-up error as the launcher's own and ends the process. */
export function fail(error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  say(`  ${error.hint}`);
  process.exit(1);
}

if (
  process.argv[1] !== undefined &&
  fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const bun = await setUp().catch(fail);
  if (process.argv.includes("--print-bun")) process.stdout.write(`${bun}\n`);
}
