/**
 * How long the compiler takes: a whole mesh from nothing, and the two changes that matter most.
 * `node_modules/.bin/bun bench/micro/compile.ts [services] [instances]`
 */
import { createCompiler } from "#compiler/compiler.ts";
import { contentHash } from "#compiler/content-hash.ts";
import {
  emptyWorld,
  objectKey,
  type World,
  type WorldChange,
  withChanges,
} from "#compiler/world.ts";
import type { Workload } from "#config/workload.ts";
import type { Resource } from "#resources/resource.ts";

const services = Number(process.argv[2] ?? 1000);
const instances = Number(process.argv[3] ?? 3);
const namespaces = 20;
const rounds = 300;

const plurals: Readonly<Record<string, string>> = {
  Service: "services",
  WorkloadEntry: "workloadentries.networking.istio.io",
  VirtualService: "virtualservices.networking.istio.io",
  DestinationRule: "destinationrules.networking.istio.io",
};

function change(object: Resource): WorldChange {
  return { kind: plurals[object.kind] ?? "", key: objectKey(object), object };
}

function place(at: number): { name: string; namespace: string } {
  return { name: `service-${at}`, namespace: `team-${at % namespaces}` };
}

function service(at: number): Resource {
  const { name, namespace } = place(at);
  const ports = [
    { name: "http", port: 80, targetPort: "http" },
    { name: "http-8080", port: 8080, targetPort: "http" },
  ];
  const spec = { selector: { app: name }, ports };
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace, generation: 1 }, spec };
}

function entry(at: number, instance: number, port: number): Resource {
  const { name: app, namespace } = place(at);
  const annotations = { "weft.dev/inbound": JSON.stringify({ 8080: `127.0.0.1:${port}` }) };
  const labels = { app, "app.kubernetes.io/name": app, version: `v${1 + (instance % 2)}` };
  const spec = { address: "127.0.0.1", ports: { http: 8080 }, labels, serviceAccount: app };
  const metadata = { name: `${app}-${instance}`, namespace, generation: port, annotations };
  return { apiVersion: "networking.istio.io/v1", kind: "WorkloadEntry", metadata, spec };
}

function rule(at: number, weight: number): Resource {
  const { name, namespace } = place(at);
  const route = ["v1", "v2"].map((subset, index) => ({
    destination: { host: name, subset },
    weight: index === 0 ? 100 - weight : weight,
  }));
  const spec = { hosts: [name], http: [{ route, timeout: "2s" }] };
  const metadata = { name, namespace, generation: weight };
  return { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata, spec };
}

function subsets(at: number): Resource {
  const { name, namespace } = place(at);
  const spec = {
    host: name,
    subsets: ["v1", "v2"].map((version) => ({ name: version, labels: { version } })),
  };
  const metadata = { name, namespace, generation: 1 };
  return { apiVersion: "networking.istio.io/v1", kind: "DestinationRule", metadata, spec };
}

function wholeMesh(): Resource[] {
  const all: Resource[] = [];
  for (let at = 0; at < services; at++) {
    all.push(service(at));
    for (let i = 0; i < instances; i++)
      all.push(entry(at, i, 20_000 + ((at * instances + i) % 40_000)));
    if (at % 10 === 0) all.push(rule(at, 10), subsets(at));
  }
  return all;
}

function workload(namespace: string): Workload {
  return {
    namespace,
    name: "client-1",
    app: "client",
    serviceAccount: "client",
    labels: { app: "client" },
    inbound: [{ workloadPort: 8080, address: { host: "127.0.0.1", port: 21001 } }],
    outbound: [{ kind: "http-proxy", address: { host: "127.0.0.1", port: 15080 } }],
    admin: { host: "127.0.0.1", port: 15000 },
    version: "0.1.0",
  };
}

function report(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  console.log(`${what.padEnd(58)} p50 ${at(0.5).padStart(9)} µs   p99 ${at(0.99).padStart(9)} µs`);
}

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1000;
}

const objects = wholeMesh().map(change);
const nothing = emptyWorld({ trustDomain: "cluster.local", roots: ["PEM"] });
console.log(
  `${services} services, ${instances} instances each, ${namespaces} namespaces, Bun ${Bun.version}`,
);

const readTimes: number[] = [];
const compileTimes: number[] = [];
let world: World = nothing;
for (let round = 0; round < 10; round++) {
  readTimes.push(timed(() => (world = withChanges(nothing, objects))));
  const compiler = createCompiler(contentHash);
  compileTimes.push(timed(() => compiler.snapshot(world, workload("team-1"))));
}
report("world from all objects", readTimes);
report("first snapshot (read, index, compile and hash everything)", compileTimes);

const compiler = createCompiler(contentHash);
const clients = Array.from({ length: namespaces }, (_, at) => workload(`team-${at}`));
report(
  "first snapshot of one more namespace",
  clients.map((client) => timed(() => compiler.snapshot(world, client))).slice(1),
);

function changes(what: string, change: (round: number) => WorldChange): void {
  const [client = workload("team-0"), ...others] = clients;
  const first: number[] = [];
  const rest: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const step = change(round);
    first.push(
      timed(() => {
        world = withChanges(world, [step]);
        compiler.snapshot(world, client);
      }),
    );
    rest.push(timed(() => others.map((other) => compiler.snapshot(world, other))) / others.length);
  }
  report(`${what}: world and first view`, first);
  report(`${what}: each further view`, rest);
}

changes("one endpoint", (round) => change(entry(7, 0, 1000 + round)));
changes("one weight", (round) => change(rule(10, 1 + (round % 99))));
