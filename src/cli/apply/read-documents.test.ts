import { describe, expect, test } from "bun:test";
import { parseDocuments } from "./read-documents.ts";

const namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";

describe("documents", () => {
  test.each(["../x", "a/b", "..", ".", "a%2fb"])(
    "a name that would lead elsewhere, %p, is refused",
    (name) => {
      const { documents, problems } = parseDocuments("a.yaml", namespace.replace("shop", name));
      expect(documents).toEqual([]);
      expect(problems).toEqual([expect.stringContaining(`metadata.name "${name}" is no name`)]);
    },
  );

  test("nesting without an end is a problem in words", () => {
    const { problems } = parseDocuments("a.yaml", "[".repeat(50_000));
    expect(problems[0]).toContain("nested too deeply");
  });

  test("several documents keep the line where each begins", () => {
    const { documents, problems } = parseDocuments(
      "a.yaml",
      `# top\n---\n${namespace}---\n${namespace}`,
    );
    expect(problems).toEqual([]);
    expect(documents.map(({ place }) => place)).toEqual(["a.yaml:3", "a.yaml:8"]);
  });

  test("empty documents are nothing", () => {
    expect(parseDocuments("a.yaml", "---\n# nothing\n---\n")).toEqual({
      documents: [],
      problems: [],
    });
  });

  test("a list is its items", () => {
    const list = {
      kind: "List",
      apiVersion: "v1",
      items: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }],
    };
    expect(parseDocuments("a.json", JSON.stringify(list)).documents).toHaveLength(1);
  });

  test("every problem is reported with its place", () => {
    const text = `kind: Namespace\n---\n- 1\n---\n${namespace}---\napiVersion: v1\nkind: Namespace\n`;
    const { documents, problems } = parseDocuments("a.yaml", text);
    expect(documents).toHaveLength(1);
    expect(problems).toEqual([
      "a.yaml:1: apiVersion is missing, for example networking.istio.io/v1",
      "a.yaml:3: expected an object with apiVersion, kind and metadata",
      "a.yaml:10: Namespace: metadata.name is missing",
    ]);
  });

  test("broken YAML names the line", () => {
    expect(parseDocuments("a.yaml", "a: [1,\n b: }\n").problems[0]).toStartWith("a.yaml:2: ");
  });

  test("a key that stands twice is refused", () => {
    expect(parseDocuments("a.yaml", `${namespace}kind: Secret\n`).problems[0]).toContain("unique");
  });

  test("an alias bomb is refused", () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`,
    );
    const { problems } = parseDocuments("bomb.yaml", `l0: &l0 [x]\n${levels.join("\n")}\n`);
    expect(problems[0]).toContain("alias");
  });
});
