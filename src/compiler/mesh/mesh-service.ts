import { isExportedTo } from "#resources/export-to.ts";
import type { DeclaredPort, DeclaredService } from "./declared-service.ts";
import type { MeshModel } from "./mesh-model.ts";

/** What one client means by a host: all that the declarations of one namespace say of it together. */
export interface MeshService {
  readonly host: string;
  readonly namespace: string;
  /** The first declaration: its name, location and resolution count. */
  readonly main: DeclaredService;
  /** Each adds ports that those before it lack, and endpoints. */
  readonly declarations: readonly DeclaredService[];
  readonly ports: readonly DeclaredPort[];
  readonly subjectAltNames: readonly string[];
}

/**
 * The service that clients of a namespace reach by a host, of those that they may see: their own namespace's, else
 * the cluster's Service, else the oldest ServiceEntry's. The same object as long as its declarations are the same.
 */
export function serviceFor(
  model: MeshModel,
  host: string,
  clientNamespace: string,
): MeshService | undefined {
  const declared = model.services.get(host);
  if (declared === undefined) return undefined;
  const visible = declared.filter(({ exportTo }) => isExportedTo(exportTo, clientNamespace));
  const own = visible.find(({ object }) => object.namespace === clientNamespace);
  const main = own ?? visible[0];
  if (main === undefined) return undefined;
  const { namespace } = main.object;
  return combine(visible.filter(({ object }) => object.namespace === namespace));
}

const combined = new WeakMap<DeclaredService, MeshService[]>();

function combine(declarations: readonly DeclaredService[]): MeshService | undefined {
  const [main] = declarations;
  if (main === undefined) return undefined;
  const known = combined.get(main) ?? [];
  const same = known.find((service) => isSameList(service.declarations, declarations));
  if (same !== undefined) return same;

  const service = {
    host: main.host,
    namespace: main.object.namespace,
    main,
    declarations,
    ports: firstOfEachNumber(declarations.flatMap(({ ports }) => ports)),
    subjectAltNames: declarations.flatMap(({ subjectAltNames }) => subjectAltNames),
  };
  combined.set(main, [service, ...known].slice(0, 4));
  return service;
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function firstOfEachNumber(ports: readonly DeclaredPort[]): readonly DeclaredPort[] {
  const byNumber = new Map<number, DeclaredPort>();
  for (const port of ports) if (!byNumber.has(port.number)) byNumber.set(port.number, port);
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}
