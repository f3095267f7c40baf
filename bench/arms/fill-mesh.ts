import { type Mesh, NAMESPACE } from "./mesh.ts";

const AT_ONCE = 32;

const filled = new WeakMap<Mesh, Promise<void>>();

/**
 * So many services with one endpoint each, that nobody calls; once, however many arms share the mesh. Throws when one is
 * refused.
 */
export function fillMesh(mesh: Mesh, count: number): Promise<void> {
  const filling = filled.get(mesh) ?? fill(mesh, count);
  filled.set(mesh, filling);
  return filling;
}

async function fill({ api, lab }: Mesh, count: number): Promise<void> {
  let next = 0;
  const one = async (index: number): Promise<void> => {
    const metadata = { name: `other-${index}`, namespace: NAMESPACE };
    const address = `127.1.${(index >> 8) & 255}.${index & 255}`;
    const subsets = [{ addresses: [{ ip: address }], ports: [{ name: "http", port: 8080 }] }];
    const spec = { ports: [{ name: "http", port: 80 }] };
    const folder = `/api/v1/namespaces/${NAMESPACE}`;
    const service = { apiVersion: "v1", kind: "Service", metadata, spec };
    const endpoints = { apiVersion: "v1", kind: "Endpoints", metadata, subsets };
    await api.request("POST", `${folder}/services`, { body: service });
    await api.request("POST", `${folder}/endpoints`, { body: endpoints });
  };
  const work = async (): Promise<void> => {
    while (next < count) {
      lab.signal.throwIfAborted();
      await one(next++);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
