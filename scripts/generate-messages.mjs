// Makes TypeScript from Envoy's protobuf files: picks the files that Weft uses and what they import, and gives them to
// buf with the ts-proto plugin. The result is complete or absent: it is made beside its place and renamed into it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { SetupError } from "./setup-error.mjs";

const OUTPUT = "src/xds/messages/generated";
const OWN_PROTOS = "src/xds/messages/proto";
const STAMP = ".inputs";

/** A folder stands for every file in it, without its sub-folders. */
const ROOTS = [
  "envoy/config/accesslog/v3",
  "envoy/config/cluster/v3",
  "envoy/config/core/v3",
  "envoy/config/endpoint/v3",
  "envoy/config/listener/v3",
  "envoy/config/rbac/v3",
  "envoy/config/route/v3",
  "envoy/config/trace/v3/http_tracer.proto",
  "envoy/config/trace/v3/opentelemetry.proto",
  "envoy/extensions/access_loggers/file/v3",
  "envoy/extensions/clusters/dynamic_forward_proxy/v3",
  "envoy/extensions/common/dynamic_forward_proxy/v3",
  "envoy/extensions/filters/common/fault/v3",
  "envoy/extensions/filters/http/dynamic_forward_proxy/v3",
  "envoy/extensions/filters/http/fault/v3",
  "envoy/extensions/filters/http/rbac/v3",
  "envoy/extensions/filters/http/router/v3",
  "envoy/extensions/filters/listener/http_inspector/v3",
  "envoy/extensions/filters/listener/original_dst/v3",
  "envoy/extensions/filters/listener/tls_inspector/v3",
  "envoy/extensions/filters/network/http_connection_manager/v3",
  "envoy/extensions/filters/network/rbac/v3",
  "envoy/extensions/filters/network/tcp_proxy/v3",
  "envoy/extensions/retry/host/previous_hosts/v3",
  "envoy/extensions/transport_sockets/raw_buffer/v3",
  "envoy/extensions/transport_sockets/tls/v3",
  "envoy/extensions/upstreams/http/v3",
  "envoy/service/discovery/v3",
  "envoy/service/metrics/v3",
  "envoy/service/secret/v3",
  "envoy/type/matcher/v3",
  "envoy/type/v3",
  "google/rpc/status.proto",
  "istio/v1/auth/ca.proto",
  "weft/newer/envoy.proto",
];

/** Annotations of the schema itself; no message on the wire uses them. */
const ANNOTATIONS =
  /^(validate\/|(udpa|xds)\/annotations\/|envoy\/annotations\/|google\/api\/(?!expr)|google\/protobuf\/descriptor)/;

const PLUGIN_OPTIONS = [
  "annotateFilesWithVersion=false",
  "comments=false",
  "enumsAsLiterals=true",
  "esModuleInterop=true",
  "forceLong=number",
  "importSuffix=.ts",
  "oneof=unions-value",
  "outputJsonMethods=false",
  "outputServices=generic-definitions",
  "outputTypeAnnotations=false",
  "snakeToCamel=keys",
  "unrecognizedEnum=false",
  "useExactTypes=false",
];

/** True when the generated code belongs to today's inputs. */
export function messagesAreFresh(root, findPackage) {
  const stamp = path.join(root, OUTPUT, STAMP);
  return fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === inputsHash(root, findPackage);
}

/** Marks the generated code as looked at, so that the launcher's comparison of times holds again. */
export function touchStamp(root) {
  const now = new Date();
  fs.utimesSync(path.join(root, OUTPUT, STAMP), now, now);
}

/** Generates the code. Throws SetupError with what the compiler said. */
export function generateMessages(root, findPackage) {
  const work = fs.mkdtempSync(path.join(scratchFolder(root), "messages-"));
  try {
    const protos = path.join(work, "proto");
    const made = path.join(work, "generated");
    const roots = stageProtos(includePath(root, findPackage), protos);
    runBuf(findPackage, work, protos, made);
    const files = keepReachable(made, roots);
    fs.writeFileSync(path.join(made, STAMP), inputsHash(root, findPackage));
    replaceFolder(path.join(root, OUTPUT), made, path.join(work, "old"));
    return files;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function scratchFolder(root) {
  const folder = path.join(root, ".generated");
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Ours first: `validate.proto` shadows the copy that comes with the API. */
function includePath(root, findPackage) {
  const deps = path.join(required(findPackage, "@grpc/grpc-js-xds"), "deps");
  const bundled = ["envoy-api", "xds", "googleapis", "protoc-gen-validate"];
  return [path.join(root, OWN_PROTOS), ...bundled.map((name) => path.join(deps, name))];
}

function inputsHash(root, findPackage) {
  const hash = createHash("sha256");
  const tools = ["@grpc/grpc-js-xds", "@bufbuild/buf", "ts-proto"].map((name) => {
    const manifest = path.join(required(findPackage, name), "package.json");
    return `${name}@${JSON.parse(fs.readFileSync(manifest, "utf8")).version}`;
  });
  hash.update(JSON.stringify([tools, ROOTS, PLUGIN_OPTIONS, String(ANNOTATIONS)]));
  hash.update(fs.readFileSync(new URL(import.meta.url)));
  for (const file of filesBelow(path.join(root, OWN_PROTOS)))
    hash.update(file).update(fs.readFileSync(path.join(root, OWN_PROTOS, file)));
  return hash.digest("hex");
}

/** Copies the wanted files and their imports into one folder; returns the wanted ones. */
function stageProtos(include, target) {
  const roots = ROOTS.flatMap((root) => expandRoot(include, root));
  const waiting = [...roots];
  const staged = new Set();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (staged.has(file)) continue;
    staged.add(file);
    const source = include.map((folder) => path.join(folder, file)).find(fs.existsSync);
    if (source === undefined) {
      if (file.startsWith("google/protobuf/")) continue; // buf brings these itself
      throw new SetupError(
        `the protobuf file ${file} is missing`,
        "npm ci installs @grpc/grpc-js-xds, which contains it",
      );
    }
    const text = fs.readFileSync(source, "utf8");
    fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    fs.writeFileSync(path.join(target, file), text);
    for (const [, imported] of text.matchAll(/^import\s+(?:public\s+)?"([^"]+)";/gm))
      waiting.push(imported);
  }
  return roots;
}

function expandRoot(include, root) {
  if (root.endsWith(".proto")) return [root];
  const folder = include.map((base) => path.join(base, root)).find(fs.existsSync);
  const names = folder === undefined ? [] : fs.readdirSync(folder);
  const protos = names.filter((name) => name.endsWith(".proto"));
  if (protos.length === 0)
    throw new SetupError(`no protobuf files in ${root}`, "npm ci reinstalls @grpc/grpc-js-xds");
  return protos.map((name) => `${root}/${name}`);
}

function runBuf(findPackage, work, protos, made) {
  const plugin = path.join(required(findPackage, "ts-proto"), "protoc-gen-ts_proto");
  const template = {
    version: "v2",
    plugins: [
      {
        local: [process.execPath, plugin],
        out: made,
        opt: PLUGIN_OPTIONS,
        strategy: "all",
        include_imports: true,
        include_wkt: true,
      },
    ],
  };
  const templateFile = path.join(work, "buf.gen.yaml");
  fs.writeFileSync(templateFile, JSON.stringify(template));
  const run = spawnSync(bufBinary(findPackage), ["generate", protos, "--template", templateFile], {
    cwd: work,
    encoding: "utf8",
    // buf keeps a cache and reads a configuration; neither may come from the user's home.
    env: { ...process.env, BUF_CACHE_DIR: path.join(work, "cache"), BUF_CONFIG_DIR: work },
  });
  if (run.error) throw new SetupError("buf did not start", "npm ci reinstalls it", run.error);
  if (run.status !== 0)
    throw new SetupError(
      `buf could not compile the protobuf files:\n${run.stderr}`,
      "if node_modules was edited by hand, remove it and run this again",
    );
}

/** The platform package's own binary: the wrapper needs an install script that may not have run. */
function bufBinary(findPackage) {
  const arch = { x64: "x64", arm64: process.platform === "linux" ? "aarch64" : "arm64" };
  const name = `@bufbuild/buf-${process.platform}-${arch[process.arch] ?? process.arch}`;
  const folder = findPackage(name);
  if (folder === undefined)
    throw new SetupError(
      `the protobuf compiler has no package ${name} here`,
      "npm ci --include=optional installs it where the platform is supported",
    );
  const binary = path.join(folder, "bin", process.platform === "win32" ? "buf.exe" : "buf");
  fs.chmodSync(binary, 0o755);
  return binary;
}

/** Removes what no wanted file imports: annotations, and well-known types that only they use. */
function keepReachable(made, roots) {
  const waiting = roots.filter((file) => !ANNOTATIONS.test(file)).map(generatedName);
  const kept = new Set();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (kept.has(file)) continue;
    kept.add(file);
    const text = fs.readFileSync(path.join(made, file), "utf8");
    for (const [, imported] of text.matchAll(/from "(\.[^"]+)";/g))
      waiting.push(path.posix.join(path.posix.dirname(file), imported));
  }
  for (const file of filesBelow(made)) if (!kept.has(file)) fs.rmSync(path.join(made, file));
  for (const file of kept) {
    const full = path.join(made, file);
    fs.writeFileSync(full, `// @ts-nocheck\n${fs.readFileSync(full, "utf8")}`);
  }
  return kept.size;
}

const generatedName = (proto) => proto.replace(/\.proto$/, ".ts");

function replaceFolder(target, made, aside) {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (fs.existsSync(target)) fs.renameSync(target, aside);
  fs.renameSync(made, target);
}

function filesBelow(folder, prefix = "") {
  return fs
    .readdirSync(path.join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(folder, name) : [name];
    })
    .sort();
}

function required(findPackage, name) {
  const folder = findPackage(name);
  if (folder === undefined) throw new SetupError(`the package ${name} is missing`, "run: npm ci");
  return folder;
}
