// The API as kubectl sees it: what it prints, what it refuses, and its exit codes.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { kinds } from "#resources/kinds.ts";
import { gadgetKind, widgetKind } from "../support/api-kinds.ts";
import { startTestApi, type TestApi } from "../support/api-server.ts";
import { findKubectl, type Kubectl, kubectlFor } from "../support/kubectl.ts";

const hasKubectl = findKubectl() !== null;
if (!hasKubectl) console.warn("skipped: conformance with kubectl, since kubectl is not on PATH");

const WIDGET = `
apiVersion: test.weft.dev/v1
kind: Widget
metadata: {name: a, labels: {app: x}}
spec: {size: 3, parts: [{name: p, weight: 1}], tags: [a], options: {k: v}}
`;
const widget = (changes: Record<string, string> = {}): string =>
  Object.entries(changes).reduce((text, [from, to]) => text.replace(from, to), WIDGET);

let api: TestApi;
let kubectl: Kubectl;

describe.skipIf(!hasKubectl)("kubectl", () => {
  beforeAll(async () => {
    api = await startTestApi({
      kinds: [...kinds, gadgetKind, widgetKind],
      issueToken: async (namespace, name, { expirationSeconds }) => ({
        token: `token-of-${namespace}-${name}`,
        expirationTimestamp: new Date(Date.now() + expirationSeconds * 1000).toISOString(),
      }),
    });
    kubectl = kubectlFor(api);
  });
  afterAll(() => api[Symbol.asyncDispose]());
  afterEach(async () => {
    await kubectl.ok(["delete", "widgets,gadgets,services,secrets", "--all", "-n", "default"]);
  });

  describe("finds out what is served", () => {
    test("kinds with their short names, groups and scopes", async () => {
      const resources = await kubectl.ok(["api-resources"]);
      expect(resources).toMatch(/^widgets +wd +test\.weft\.dev\/v1 +true +Widget$/m);
      expect(resources).toMatch(/^namespaces +ns +v1 +false +Namespace$/m);
      expect(resources).toMatch(
        /^virtualservices +\S+ +networking\.istio\.io\/v1 +true +VirtualService$/m,
      );
      const versions = await kubectl.ok(["api-versions"]);
      expect(versions.split("\n")).toEqual(
        expect.arrayContaining(["v1", "test.weft.dev/v1", "test.weft.dev/v1beta1"]),
      );
    });

    test("the version that the server reports on purpose", async () => {
      expect(await kubectl.ok(["version"])).toMatch(/Server Version: v1\.32\./);
    });

    test("fields, with their types and descriptions", async () => {
      const spec = await kubectl.ok(["explain", "widget.spec"]);
      expect(spec).toMatch(/size\t<integer>\n\s+How large it is\./);
      expect(spec).toMatch(/parts\t<\[\]Object>/);
      const all = await kubectl.ok(["explain", "widget", "--recursive"]);
      expect(all).toMatch(/weight\t<integer>/);
      expect(await kubectl.ok(["explain", "service.spec.ports.targetPort"])).toContain(
        "IntOrString",
      );
      const beta = await kubectl.ok(["explain", "widget", "--api-version=test.weft.dev/v1beta1"]);
      expect(beta).toMatch(/VERSION: +v1beta1/);
      const none = await kubectl(["explain", "widget.spec.nothing"]);
      expect(none).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('field "nothing" does not exist'),
      });
    });

    test("a kind that is not served is said not to be", async () => {
      const { code, stderr } = await kubectl(["get", "ingresses"]);
      expect(code).toBe(1);
      expect(stderr).toContain(`the server doesn't have a resource type "ingresses"`);
    });

    test("who the user is and what they may do", async () => {
      expect(await kubectl.ok(["auth", "whoami"])).toMatch(/Username +tester/);
      expect(await kubectl.ok(["auth", "can-i", "create", "widgets"])).toBe("yes\n");
      expect(await kubectl.ok(["auth", "can-i", "--list"])).toContain("*.*");
    });
  });

  describe("reads", () => {
    test("an object in every output form", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      expect(await kubectl.ok(["get", "wd"])).toMatch(/^NAME +SIZE +AGE\na +3 +\d+s\n$/);
      expect(await kubectl.ok(["get", "wd", "-o", "wide"])).toMatch(/^NAME +SIZE +COLOR +AGE$/m);
      expect(await kubectl.ok(["get", "wd", "-A"])).toMatch(/^default +a +3 /m);
      expect(await kubectl.ok(["get", "wd", "--show-labels"])).toContain("app=x");
      expect(await kubectl.ok(["get", "wd", "-o", "name"])).toBe("widget.test.weft.dev/a\n");
      expect(await kubectl.ok(["get", "wd/a", "-o", "jsonpath={.spec.parts[0].name}"])).toBe("p");
      expect(JSON.parse(await kubectl.ok(["get", "wd", "a", "-o", "json"]))).toMatchObject({
        apiVersion: "test.weft.dev/v1",
        kind: "Widget",
        metadata: { name: "a", namespace: "default", generation: 1, labels: { app: "x" } },
      });
      expect(await kubectl.ok(["get", "wd", "a", "-o", "yaml"])).toMatch(/^kind: Widget$/m);
      const described = await kubectl.ok(["describe", "wd", "a"]);
      expect(described).toMatch(/Size: +3/);
      const beta = await kubectl.ok(["get", "widgets.v1beta1.test.weft.dev", "a", "-o", "json"]);
      expect(JSON.parse(beta).apiVersion).toBe("test.weft.dev/v1beta1");
    });

    test("by label and field, in order, in pages", async () => {
      for (const name of ["a", "b", "c", "d", "e"])
        await kubectl.ok(
          ["apply", "-f", "-"],
          widget({
            "name: a, labels: {app: x}": `name: ${name}, labels: {app: ${name}, even: "${"bd".includes(name)}"}`,
          }),
        );
      const names = async (...args: string[]) =>
        (await kubectl.ok(["get", "wd", "-o", "name", ...args]))
          .trim()
          .split("\n")
          .map((line) => line.split("/")[1]);
      expect(await names("-l", "app in (a,c)")).toEqual(["a", "c"]);
      expect(await names("-l", "even!=true")).toEqual(["a", "c", "e"]);
      expect(await names("--field-selector", "metadata.name!=a")).toEqual(["b", "c", "d", "e"]);
      expect(await names("--chunk-size=2")).toEqual(["a", "b", "c", "d", "e"]);
      expect(await names("--chunk-size=1", "-l", "even=true")).toEqual(["b", "d"]);
      const refused = await kubectl(["get", "wd", "--field-selector", "spec.size=3"]);
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("field label not supported: spec.size"),
      });
    });

    test("what is not there as an error", async () => {
      const { code, stderr } = await kubectl(["get", "wd", "none"]);
      expect(code).toBe(1);
      expect(stderr).toBe('Error from server (NotFound): widgets.test.weft.dev "none" not found\n');
    });

    test("changes, as they happen", async () => {
      const watching = kubectl.start([
        "get",
        "wd",
        "--watch",
        "--output-watch-events",
        "-o",
        "wide",
      ]);
      const lines = watching.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      const until = async (pattern: RegExp) => {
        while (!pattern.test(text)) {
          const { done, value } = await lines.read();
          if (done) throw new Error(`the watch ended at ${text}`);
          text += value;
        }
      };
      // kubectl lists before it watches, and says nothing of an empty list.
      await kubectl.ok(["apply", "-f", "-"], widget());
      await until(/ADDED +a +3/);
      await kubectl.ok(["patch", "wd", "a", "--type=merge", "-p", '{"spec":{"size":4}}']);
      await until(/MODIFIED +a +4/);
      await kubectl.ok(["delete", "wd", "a"]);
      await until(/DELETED +a +4/);
      watching.kill();
      await watching.exited;
    });

    test("until a condition holds", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      const waiting = kubectl(["wait", "wd/a", "--for=condition=Ready", "--timeout=20s"]);
      const status = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}';
      await kubectl.ok(["patch", "wd", "a", "--subresource=status", "--type=merge", "-p", status]);
      expect(await waiting).toMatchObject({
        code: 0,
        stdout: "widget.test.weft.dev/a condition met\n",
      });
      const deleted = kubectl(["wait", "wd/a", "--for=delete", "--timeout=20s"]);
      await kubectl.ok(["delete", "wd", "a"]);
      expect((await deleted).code).toBe(0);
    });
  });

  describe("creates and applies", () => {
    test("once, and says so when it is there already", async () => {
      expect(await kubectl.ok(["create", "-f", "-"], widget())).toBe(
        "widget.test.weft.dev/a created\n",
      );
      const { code, stderr } = await kubectl(["create", "-f", "-"], { stdin: widget() });
      expect(code).toBe(1);
      expect(stderr).toBe(
        'Error from server (AlreadyExists): error when creating "STDIN": widgets.test.weft.dev "a" already exists\n',
      );
    });

    test("with a generated name", async () => {
      const made = await kubectl.ok(
        ["create", "-f", "-"],
        widget({ "name: a": "generateName: w-" }),
      );
      expect(made).toMatch(/^widget\.test\.weft\.dev\/w-[a-z0-9]{5} created\n$/);
    });

    test("client side: created, unchanged, configured, and a removed field is gone", async () => {
      const apply = (text: string, ...args: string[]) =>
        kubectl.ok(["apply", "-f", "-", ...args], text);
      expect(await apply(widget())).toBe("widget.test.weft.dev/a created\n");
      expect(await apply(widget())).toBe("widget.test.weft.dev/a unchanged\n");
      const changed = widget({ "size: 3": "color: red", "tags: [a], ": "" });
      expect(await apply(changed, "--dry-run=server")).toBe(
        "widget.test.weft.dev/a configured (server dry run)\n",
      );
      expect(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.spec.size}"])).toBe("3");
      expect(await apply(changed)).toBe("widget.test.weft.dev/a configured\n");
      const spec = JSON.parse(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.spec}"]));
      expect(spec).toEqual({
        color: "red",
        parts: [{ name: "p", weight: 1 }],
        options: { k: "v" },
      });
    });

    test("client side on a core kind: lists are merged by key, and others' items stay", async () => {
      const service = (ports: string) =>
        `---\n{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: ${ports}}}`;
      await kubectl.ok(
        ["apply", "-f", "-"],
        service("[{name: http, port: 80}, {name: admin, port: 81}]"),
      );
      await kubectl.ok([
        "patch",
        "svc",
        "s",
        "-p",
        '{"spec":{"ports":[{"name":"extra","port":90}]}}',
      ]);
      await kubectl.ok(["apply", "-f", "-"], service("[{name: http, port: 80, targetPort: 8080}]"));
      const ports = JSON.parse(
        await kubectl.ok(["get", "svc", "s", "-o", "jsonpath={.spec.ports}"]),
      );
      expect(
        ports.map(({ name, port }: { name: string; port: number }) => [name, port]).sort(),
      ).toEqual([
        ["extra", 90],
        ["http", 80],
      ]);
      expect(ports.find(({ name }: { name: string }) => name === "http").targetPort).toBe(8080);
    });

    test("server side: owners, conflicts, force, and the move from client side", async () => {
      const apply = (text: string, ...args: string[]) =>
        kubectl(["apply", "--server-side", "-f", "-", ...args], { stdin: text });
      expect(await apply(widget())).toMatchObject({
        code: 0,
        stdout: "widget.test.weft.dev/a serverside-applied\n",
      });
      const other = widget({ "size: 3": "size: 9" });
      const conflict = await apply(other, "--field-manager=other");
      expect(conflict.code).toBe(1);
      expect(conflict.stderr).toContain(
        'Apply failed with 1 conflict: conflict with "kubectl": .spec.size',
      );
      expect((await apply(other, "--field-manager=other", "--force-conflicts")).code).toBe(0);
      expect(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.spec.size}"])).toBe("9");
      // What only one applier had and gives up is gone; what both have stays.
      expect((await apply(widget({ "tags: [a], ": "", "size: 3, ": "" }))).code).toBe(0);
      expect(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.spec.size} {.spec.tags}"])).toBe(
        '9 ["a"]',
      );

      await kubectl.ok(["apply", "-f", "-"], widget({ "name: a": "name: b" }));
      const moved = await apply(widget({ "name: a": "name: b", "size: 3": "size: 5" }));
      expect(moved).toMatchObject({ code: 0, stderr: "" });
      const managers = await kubectl.ok([
        "get",
        "wd",
        "b",
        "--show-managed-fields",
        "-o",
        "jsonpath={.metadata.managedFields[*].manager}",
      ]);
      // kubectl keeps its annotation under a name of its own when it goes over.
      expect(managers).toBe("kubectl kubectl-last-applied");
    });

    test("a folder of files and a list, in one go", async () => {
      const list = `---\n{apiVersion: v1, kind: List, items: [${["l1", "l2"].map((name) => `{apiVersion: test.weft.dev/v1, kind: Widget, metadata: {name: ${name}}, spec: {}}`).join(", ")}]}`;
      expect(await kubectl.ok(["apply", "-f", "-"], list)).toBe(
        "widget.test.weft.dev/l1 created\nwidget.test.weft.dev/l2 created\n",
      );
    });

    test("shows what would change", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      const same = await kubectl(["diff", "-f", "-"], { stdin: widget() });
      expect(same).toMatchObject({ code: 0, stdout: "" });
      const { code, stdout } = await kubectl(["diff", "-f", "-"], {
        stdin: widget({ "size: 3": "size: 8" }),
      });
      expect(code).toBe(1);
      expect(stdout).toMatch(/^-\s+size: 3$/m);
      expect(stdout).toMatch(/^\+\s+size: 8$/m);
      const serverSide = await kubectl(["diff", "--server-side", "--force-conflicts", "-f", "-"], {
        stdin: widget({ "size: 3": "size: 8" }),
      });
      expect(serverSide.stdout).toMatch(/^\+\s+size: 8$/m);
    });

    test("namespaces, accounts, secrets, services and tokens by their own commands", async () => {
      await kubectl.ok(["create", "namespace", "shop"]);
      expect(await kubectl.ok(["get", "sa", "-n", "shop", "-o", "name"])).toBe(
        "serviceaccount/default\n",
      );
      await kubectl.ok(["create", "serviceaccount", "web", "-n", "shop"]);
      await kubectl.ok([
        "create",
        "secret",
        "generic",
        "s",
        "-n",
        "shop",
        "--from-literal=key=value",
      ]);
      expect(
        await kubectl.ok(["get", "secret", "s", "-n", "shop", "-o", "jsonpath={.data.key}"]),
      ).toBe("dmFsdWU=");
      await kubectl.ok(["create", "service", "clusterip", "web", "-n", "shop", "--tcp=80:8080"]);
      expect(
        await kubectl.ok([
          "get",
          "svc",
          "web",
          "-n",
          "shop",
          "-o",
          "jsonpath={.spec.ports[0].targetPort}",
        ]),
      ).toBe("8080");
      expect(await kubectl.ok(["create", "token", "web", "-n", "shop", "--duration=1h"])).toContain(
        "token-of-shop-web",
      );
      expect(await kubectl.ok(["delete", "namespace", "shop"])).toContain(
        'namespace "shop" deleted',
      );
      expect((await kubectl(["get", "svc", "web", "-n", "shop"])).code).toBe(1);
      expect((await kubectl(["get", "ns", "shop"])).code).toBe(1);
    });

    test("Istio's own YAML", async () => {
      const text = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payments}
spec:
  hosts: [payments]
  http:
  - match: [{headers: {x-canary: {exact: "true"}}}]
    route: [{destination: {host: payments, subset: v2}}]
  - route:
    - {destination: {host: payments, subset: v1}, weight: 90}
    - {destination: {host: payments, subset: v2}, weight: 10}
    timeout: 2s
    retries: {attempts: 3, perTryTimeout: 500ms, retryOn: "5xx"}
`;
      expect(await kubectl.ok(["apply", "-f", "-"], text)).toBe(
        "virtualservice.networking.istio.io/payments created\n",
      );
      expect(
        await kubectl.ok([
          "get",
          "virtualservices.v1beta1.networking.istio.io",
          "payments",
          "-o",
          "jsonpath={.apiVersion}",
        ]),
      ).toBe("networking.istio.io/v1beta1");
      const bad = await kubectl(["apply", "-f", "-"], {
        stdin: text.replace("weight: 90", "weight: -1"),
      });
      expect(bad.code).toBe(1);
      expect(bad.stderr).toContain('The VirtualService "payments" is invalid');
      expect(bad.stderr).toContain("spec.http[1].route[0].weight: Invalid value: -1");
      await kubectl.ok(["delete", "virtualservice", "payments"]);
    });
  });

  describe("changes", () => {
    test("by the three kinds of patches", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      await kubectl.ok([
        "patch",
        "wd",
        "a",
        "--type=merge",
        "-p",
        '{"spec":{"color":"red","tags":null}}',
      ]);
      await kubectl.ok([
        "patch",
        "wd",
        "a",
        "--type=json",
        "-p",
        '[{"op":"replace","path":"/spec/size","value":7}]',
      ]);
      expect(
        JSON.parse(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.spec}"])),
      ).toMatchObject({ color: "red", size: 7 });
      const strategic = await kubectl(["patch", "wd", "a", "-p", '{"spec":{"size":1}}']);
      expect(strategic.code).toBe(1);
      expect(strategic.stderr).toContain(
        "application/strategic-merge-patch+json is not supported by test.weft.dev/v1, Kind=Widget",
      );
      const failing = await kubectl([
        "patch",
        "wd",
        "a",
        "--type=json",
        "-p",
        '[{"op":"test","path":"/spec/size","value":1}]',
      ]);
      expect(failing.code).toBe(1);
    });

    test("labels and annotations", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      expect(await kubectl.ok(["label", "wd", "a", "tier=front"])).toBe(
        "widget.test.weft.dev/a labeled\n",
      );
      const taken = await kubectl(["label", "wd", "a", "tier=back"]);
      expect(taken).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("already has a value (front)"),
      });
      await kubectl.ok(["label", "wd", "a", "tier-"]);
      await kubectl.ok(["annotate", "wd", "a", "note=hello"]);
      const meta = JSON.parse(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.metadata}"]));
      expect(meta).toMatchObject({
        labels: { app: "x" },
        annotations: { note: "hello" },
        generation: 1,
      });
    });

    test("in an editor", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      const editor = kubectl.file("editor.sh", '#!/bin/sh\nsed -i "s/size: 3/size: 11/" "$1"\n');
      chmodSync(editor, 0o755);
      const edited = await kubectl(["edit", "wd", "a"], { env: { KUBE_EDITOR: editor } });
      expect(edited).toMatchObject({ code: 0, stdout: "widget.test.weft.dev/a edited\n" });
      const again = await kubectl(["edit", "wd", "a"], { env: { KUBE_EDITOR: editor } });
      expect(again.stderr + again.stdout).toContain("no changes made");
      expect(await kubectl.ok(["get", "wd", "a", "-o", "jsonpath={.spec.size}"])).toBe("11");
    });

    test("by replacing, unless the object has moved on", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      const before = await kubectl.ok(["get", "wd", "a", "-o", "yaml"]);
      await kubectl.ok(["replace", "-f", "-"], before.replace("size: 3", "size: 4"));
      const { code, stderr } = await kubectl(["replace", "-f", "-"], {
        stdin: before.replace("size: 3", "size: 5"),
      });
      expect(code).toBe(1);
      expect(stderr).toBe(
        'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on widgets.test.weft.dev "a": the object has been modified; please apply your changes to the latest version and try again\n',
      );
    });

    test("status only through its subresource, and spec never through it", async () => {
      await kubectl.ok(["apply", "-f", "-"], `${widget()}status: {phase: Mine}\n`);
      const both = '{"status":{"phase":"Good"},"spec":{"size":99}}';
      await kubectl.ok(["patch", "wd", "a", "--type=merge", "-p", both.replace("99", "4")]);
      await kubectl.ok(["patch", "wd", "a", "--type=merge", "--subresource=status", "-p", both]);
      const shown = await kubectl.ok([
        "get",
        "wd",
        "a",
        "-o",
        "jsonpath={.spec.size} {.status.phase} {.metadata.generation}",
      ]);
      expect(shown).toBe("4 Good 2");
    });
  });

  describe("refuses", () => {
    test("a missing namespace", async () => {
      const { code, stderr } = await kubectl(["create", "-n", "missing", "-f", "-"], {
        stdin: widget(),
      });
      expect(code).toBe(1);
      expect(stderr).toBe(
        'Error from server (NotFound): error when creating "STDIN": namespaces "missing" not found\n',
      );
    });

    test("everything that is wrong with a document at once, whatever the validation", async () => {
      const bad = WIDGET.replace("size: 3", "size: -1, colour: red, future: 1").replace(
        "weight: 1",
        'weight: "x"',
      );
      for (const args of [["--validate=strict"], ["--validate=ignore"]]) {
        const { code, stderr } = await kubectl(["create", "-f", "-", ...args], { stdin: bad });
        expect(code).toBe(1);
        expect(stderr).toContain('The Widget "a" is invalid');
        expect(stderr).toContain("spec.size: Invalid value: -1");
        expect(stderr).toContain(
          'spec.colour: Forbidden: unknown field "colour"; did you mean "color"?',
        );
        expect(stderr).toContain("spec.future: Forbidden: not supported by this version of Weft");
        expect(stderr).toContain('spec.parts[0].weight: Invalid value: "x"');
      }
    });

    test("unknown fields of core kinds strictly, with a warning, or not at all", async () => {
      const gadget =
        "---\n{apiVersion: v1, kind: Gadget, metadata: {name: g}, data: {a: b}, extra: 1, spec: {stepz: []}}";
      const strict = await kubectl(["create", "-f", "-"], { stdin: gadget });
      expect(strict.code).toBe(1);
      expect(strict.stderr).toContain(
        'strict decoding error: unknown field "extra", unknown field "spec.stepz"',
      );
      const warned = await kubectl(["create", "-f", "-", "--validate=warn"], { stdin: gadget });
      expect(warned.code).toBe(0);
      expect(warned.stderr).toContain('Warning: unknown field "extra"');
      await kubectl.ok(["delete", "gadget", "g"]);
      const ignored = await kubectl(["create", "-f", "-", "--validate=ignore"], { stdin: gadget });
      expect(ignored).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(await kubectl.ok(["get", "gadget", "g", "-o", "json"]))).not.toHaveProperty(
        "extra",
      );
    });

    test("names that are none", async () => {
      const { stderr } = await kubectl(["create", "-f", "-"], {
        stdin: widget({ "name: a": "name: Bad_Name" }),
      });
      expect(stderr).toContain(
        `metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of`,
      );
    });

    test("to delete the namespaces that everything needs", async () => {
      const { code, stderr } = await kubectl(["delete", "namespace", "default"]);
      expect(code).toBe(1);
      expect(stderr).toContain(
        'namespaces "default" is forbidden: this namespace may not be deleted',
      );
    });

    test("nothing that only draws a warning", async () => {
      const { code, stderr } = await kubectl(["apply", "-f", "-"], {
        stdin: widget({ "size: 3": "size: 13" }),
      });
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: "Warning: spec.size: 13 brings bad luck\n",
      });
    });
  });

  test("every version that is installed beside it applies lists and explains fields", async () => {
    const folder = dirname(realpathSync(findKubectl() ?? ""));
    const programs = readdirSync(folder).filter((name) => /^kubectl(\.\d+\.\d+)?$/.test(name));
    expect(programs).toContain("kubectl");
    const item = `{apiVersion: test.weft.dev/v1, kind: Widget, metadata: {name: one}, spec: {size: 1}}`;
    const list = `---\n{apiVersion: v1, kind: List, items: [${item}]}`;
    for (const program of programs) {
      const other = kubectlFor(api, join(folder, program));
      expect(await other.ok(["apply", "-f", "-"], list)).toMatch(
        /^widget\.test\.weft\.dev\/one (created|unchanged)\n$/,
      );
      expect(await other.ok(["explain", "widget.spec.size"])).toContain("How large it is.");
      expect(
        await other.ok(["create", "serviceaccount", "by-any", "--dry-run=server", "-o", "name"]),
      ).toBe("serviceaccount/by-any\n");
      expect(await other.ok(["auth", "can-i", "get", "widgets"])).toBe("yes\n");
    }
  }, 60_000);

  describe("deletes", () => {
    test("one, all, by label, and what is not there", async () => {
      await kubectl.ok(["apply", "-f", "-"], widget());
      expect(await kubectl.ok(["delete", "wd", "a"])).toBe('widget.test.weft.dev "a" deleted\n');
      const none = await kubectl(["delete", "wd", "a"]);
      expect(none).toMatchObject({
        code: 1,
        stderr: 'Error from server (NotFound): widgets.test.weft.dev "a" not found\n',
      });
      expect((await kubectl(["delete", "wd", "a", "--ignore-not-found"])).code).toBe(0);
      await kubectl.ok(["apply", "-f", "-"], widget());
      expect(await kubectl.ok(["delete", "wd", "-l", "app=y"])).toBe("No resources found\n");
      expect(await kubectl.ok(["delete", "wd", "-l", "app=x"])).toContain('"a" deleted');
      await kubectl.ok(["apply", "-f", "-"], widget());
      await kubectl.ok(["delete", "wd", "a", "--dry-run=server"]);
      await kubectl.ok(["get", "wd", "a"]);
    });

    test("not before finalizers are done", async () => {
      await kubectl.ok(
        ["apply", "-f", "-"],
        widget({ "name: a": "name: a, finalizers: [test.weft.dev/hold]" }),
      );
      const deleting = kubectl(["delete", "wd", "a", "--timeout=20s"]);
      await kubectl.ok([
        "wait",
        "wd/a",
        "--for=jsonpath={.metadata.deletionTimestamp}",
        "--timeout=20s",
      ]);
      await kubectl.ok([
        "patch",
        "wd",
        "a",
        "--type=merge",
        "-p",
        '{"metadata":{"finalizers":null}}',
      ]);
      expect((await deleting).code).toBe(0);
      expect((await kubectl(["get", "wd", "a"])).code).toBe(1);
    });
  });
});
