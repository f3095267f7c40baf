// Prints one JSON of what the typed calls gave.
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const namespace = "default";
const name = "web";
const body = {
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector: { app: "web" } },
};

const made = await core.createNamespacedService({ namespace, body });
const none = await core.listNamespacedService({ namespace, labelSelector: "none" });
const all = await core.listNamespacedService({ namespace });
const again = await core.createNamespacedService({ namespace, body }).catch((error) => error);
const replaced = await core.replaceNamespacedService({
  namespace,
  name,
  body: { ...made, metadata: { ...made.metadata, labels: { tier: "front" } } },
});
await core.deleteNamespacedService({ namespace, name });
const gone = await core.readNamespacedService({ namespace, name }).catch((error) => error);
process.stdout.write(
  JSON.stringify({
    created: made.metadata.creationTimestamp instanceof Date,
    none: none.items.length,
    all: all.items.map((item) => item.metadata.name),
    again: { code: again.code, body: JSON.parse(again.body) },
    labels: replaced.metadata.labels,
    gone: { code: gone.code, body: JSON.parse(gone.body) },
  }),
);
