import { kinds } from "../../src/resources/kinds.ts";
import type { Mesh } from "./mesh.ts";

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    resourceVersion: string;
  };
}

/** Every object that the API shows, of every kind, as `plural namespace/name` to its resource version. */
export async function storedObjects(mesh: Mesh): Promise<Readonly<Record<string, string>>> {
  const lists = kinds.map(async ({ group, plural, versions }) => {
    const path = group === "" ? "/api/v1" : `/apis/${group}/${versions[0]}`;
    const response = await mesh.api("GET", `${path}/${plural}`);
    if (response.status !== 200) throw new Error(`${path}/${plural}: ${response.status}`);
    const { items } = (await response.json()) as { items: readonly Listed[] };
    return items.map(({ metadata: { namespace = "", name, resourceVersion } }) => [
      `${plural} ${namespace}/${name}`,
      resourceVersion,
    ]);
  });
  return Object.fromEntries((await Promise.all(lists)).flat());
}
