import { Glob } from "bun";
import { stringify } from "yaml";
import { readResource, resourceOf } from "../test/support/read-resource.ts";

/** Writes beside each golden object what its reader makes of it. Review the differences. */
for await (const path of new Glob("src/resources/*/golden/*.yaml").scan()) {
  if (path.endsWith(".read.yaml")) continue;
  const read = await readResource(resourceOf(await Bun.file(path).text()));
  await Bun.write(path.replace(/\.yaml$/, ".read.yaml"), goldenText(read));
}

function goldenText(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 100 });
}
