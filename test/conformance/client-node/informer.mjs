// Says on standard output what the informer says, one JSON per line.
import { CustomObjectsApi, KubeConfig, makeInformer } from "@kubernetes/client-node";

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const collection = {
  group: "test.weft.dev",
  version: "v1",
  namespace: "default",
  plural: "widgets",
};
const config = new KubeConfig();
config.loadFromDefault();
const custom = config.makeApiClient(CustomObjectsApi);
const path = "/apis/test.weft.dev/v1/namespaces/default/widgets";
const informer = makeInformer(config, path, async () => {
  const list = await custom.listNamespacedCustomObject(collection);
  say({ event: "list", count: list.items.length });
  return list;
});
for (const event of ["add", "update", "delete"])
  informer.on(event, ({ metadata, spec }) => say({ event, name: metadata.name, size: spec.size }));
informer.on("error", (error) => {
  say({ event: "error", message: String(error) });
  // As the library's documentation has it: begin again, after a pause.
  setTimeout(() => start(), 100);
});

async function start() {
  try {
    await informer.start();
  } catch (error) {
    say({ event: "error", message: String(error) });
    setTimeout(() => start(), 100);
  }
}

await start();
say({ event: "started" });
