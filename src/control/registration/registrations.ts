// Workloads that have joined live in the store as long as their streams do: a WorkloadEntry appears with the first stream
// and goes with the last one: at once when the proxy said that it leaves, else after some seconds, so that a proxy that
// restarts or reconnects leaves no gap, and a host that lost power leaves no dead endpoint.

import type { KindClient } from "#apiserver/registry/kind-client.ts";
import type { Registry } from "#apiserver/registry/registry.ts";
import type { Workload } from "#config/workload.ts";
import type { Log } from "#core/log.ts";
import { isManaged, withPortsOf, workloadEntry, workloadService } from "./workload-objects.ts";

export interface RegistrationsOptions {
  readonly registry: Registry;
  readonly log: Log;
  /** How long an entry outlives its stream, and how long entries of an earlier run may wait for theirs, in milliseconds. */
  readonly graceMs: number;
}

/** Istio's `PILOT_WORKLOAD_ENTRY_GRACE_PERIOD`. */
export const defaultGraceMs = 10_000;

const writer = {
  user: { name: "system:weft:registration", groups: ["system:masters"] },
  fieldManager: "weft-registration",
} as const;

export class Registrations implements Disposable {
  readonly #options: RegistrationsOptions;
  readonly #namespaces: KindClient;
  readonly #accounts: KindClient;
  readonly #services: KindClient;
  readonly #entries: KindClient;
  /** `namespace/name` of workloads with a stream. */
  readonly #present = new Set<string>();
  readonly #leaving = new Map<string, Timer>();
  /** One workload's writes happen one after the other. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    const client = (kind: string) => options.registry.client(kind, writer);
    this.#namespaces = client("namespaces");
    this.#accounts = client("serviceaccounts");
    this.#services = client("services");
    this.#entries = client("workloadentries.networking.istio.io");
  }

  /** Gives the entries of an earlier run the grace period to be claimed by their proxies. */
  async adopt(): Promise<void> {
    for (const { metadata } of (await this.#entries.list()).filter(isManaged))
      this.#scheduleRemoval(metadata.namespace ?? "", metadata.name, this.#options.graceMs);
  }

  joined(workload: Workload): void {
    const key = keyOf(workload);
    clearTimeout(this.#leaving.get(key));
    this.#leaving.delete(key);
    this.#present.add(key);
    this.#enqueue(key, () => this.#register(workload));
  }

  /** In good order: it told us that it goes away, and nobody should call it any more. */
  left(workload: Workload, inGoodOrder: boolean): void {
    this.#present.delete(keyOf(workload));
    const graceMs = inGoodOrder ? 0 : this.#options.graceMs;
    this.#scheduleRemoval(workload.namespace, workload.name, graceMs);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }

  #scheduleRemoval(namespace: string, name: string, graceMs: number): void {
    const key = `${namespace}/${name}`;
    if (this.#present.has(key)) return;
    clearTimeout(this.#leaving.get(key));
    const remove = () => {
      this.#leaving.delete(key);
      this.#enqueue(key, () => this.#remove(namespace, name));
    };
    this.#leaving.set(key, setTimeout(remove, graceMs));
  }

  async #register(workload: Workload): Promise<void> {
    const { namespace, serviceAccount } = workload;
    await ensure(this.#namespaces, "", namespace, () => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace },
    }));
    await ensure(this.#accounts, namespace, serviceAccount, () => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: serviceAccount, namespace },
    }));
    await this.#ensureService(workload);
    await this.#entries.apply(workloadEntry(workload));
  }

  async #ensureService(workload: Workload): Promise<void> {
    const wanted = workloadService(workload);
    if (!wanted) return;
    const { namespace, app } = workload;
    const found = await ensure(this.#services, namespace, app, () => wanted);
    if (!found || !withPortsOf(found, workload)) return;
    await this.#services.modify(namespace, app, (live) => withPortsOf(live, workload) ?? live);
  }

  async #remove(namespace: string, name: string): Promise<void> {
    if (this.#present.has(`${namespace}/${name}`)) return; // back in the meantime
    const entry = await this.#entries.get(namespace, name);
    if (!entry || !isManaged(entry)) return; // somebody has taken it over
    await this.#entries.delete(namespace, name);
    this.#options.log.info({ namespace, workload: name }, "workload left the mesh");
  }

  #enqueue(key: string, work: () => Promise<void>): void {
    const before = this.#queues.get(key) ?? Promise.resolve();
    const after = before.then(work).catch((cause: unknown) => {
      this.#options.log.error({ workload: key, cause: String(cause) }, "registration failed");
    });
    this.#queues.set(key, after);
    void after.then(() => {
      if (this.#queues.get(key) === after) this.#queues.delete(key);
    });
  }
}

/** The object that was there already; undefined when it had to be created. */
async function ensure(
  client: KindClient,
  namespace: string,
  name: string,
  make: () => Parameters<KindClient["create"]>[0],
) {
  const found = await client.get(namespace, name);
  if (found) return found;
  try {
    await client.create(make());
  } catch (cause) {
    const raced = await client.get(namespace, name); // two workloads of one service join at once
    if (!raced) throw cause;
    return raced;
  }
  return undefined;
}

const keyOf = ({ namespace, name }: Workload): string => `${namespace}/${name}`;
