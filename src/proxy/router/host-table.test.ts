import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HostTable, splitAuthority } from "./host-table.ts";

function tableOf(domains: readonly (readonly string[])[], searchDomains: readonly string[] = []) {
  const made: number[] = [];
  const table = new HostTable<number, string>(searchDomains, (host) => {
    made.push(host);
    return `host ${host}`;
  });
  for (const [host, names] of domains.entries()) table.add(names, host);
  return { table, made };
}

/** What the words say, tried one after the other. */
function model(
  domains: readonly (readonly string[])[],
  searchDomains: readonly string[],
  authority: string,
): string | undefined {
  const hostOf = (domain: string): number => domains.findIndex((names) => names.includes(domain));
  const found = (...wanted: readonly string[]): number =>
    wanted.map(hostOf).find((host) => host >= 0) ?? -1;
  const { host, port } = splitAuthority(authority);
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  const forms = (text: string): readonly string[] =>
    port === undefined || port === "80" ? [text, `${text}:80`] : [`${text}:${port}`];
  const suffixes = [...name.matchAll(/\./g)]
    .map(({ index }) => index)
    .filter((index) => index > 0)
    .flatMap((index) => forms(`*${name.slice(index)}`));
  const completed = host.endsWith(".")
    ? []
    : searchDomains.flatMap((domain) => forms(`${name}.${domain}`));
  const at = found(...forms(name), ...completed, ...suffixes, "*");
  return at < 0 ? undefined : `host ${at}`;
}

test("the order of the forms of an authority holds, whatever domains there are", () => {
  const name = fc.constantFrom("a", "b", "a.x", "b.x", "a.x.y");
  const domain = fc.oneof(
    name,
    fc.tuple(name, fc.constantFrom("80", "90")).map((parts) => parts.join(":")),
    fc.constantFrom("*", "*.x", "*.y", "*.x.y", "*.x:80", "*.x:90", "a.", "a.:80"),
  );
  const authority = fc
    .tuple(name, fc.constantFrom("", "."), fc.constantFrom("", ":80", ":90", ":"))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.uniqueArray(domain, { maxLength: 12 }),
      fc.constantFrom([], ["x"], ["x", "x.y"]),
      fc.array(authority, { minLength: 1, maxLength: 20 }),
      (names, searchDomains, authorities) => {
        const domains = names.map((one) => [one]);
        const { table } = tableOf(domains, searchDomains);
        for (const asked of authorities)
          expect([asked, table.find(asked)]).toEqual([asked, model(domains, searchDomains, asked)]);
      },
    ),
  );
});

describe("a host is made ready", () => {
  const names = Array.from({ length: 10_000 }, (_, index) => [`h${index}.x`, `h${index}.x:90`]);

  test("when it is asked for first, and once, among thousands that are asked for in turn", () => {
    const { table, made } = tableOf(names);
    for (let round = 0; round < 3; round++)
      for (let index = 0; index < 5_000; index++) {
        expect(table.find(`h${index}.x`)).toBe(`host ${index}`);
        expect(table.find(`h${index}.x:90`)).toBe(`host ${index}`);
      }
    expect(made).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
  });

  test("anew by a table with other hosts", () => {
    const { table, made } = tableOf(names);
    table.find("h1.x");
    const next = table.withHosts(names.map((_, index) => index + 20_000));
    expect(next.find("h1.x")).toBe("host 20001");
    expect(table.find("h1.x")).toBe("host 1");
    expect(made).toEqual([1, 20_001]);
  });
});
