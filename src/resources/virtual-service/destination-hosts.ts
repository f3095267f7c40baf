import type { VirtualService } from "./virtual-service.ts";

/** Every host that some rule sends to, as often as it does. */
export function destinationHosts({ http, tls, tcp }: VirtualService): readonly string[] {
  const requests = http.flatMap(({ action }) =>
    action.kind === "forward" ? action.destinations : [],
  );
  const connections = [...tls, ...tcp].flatMap(({ destinations }) => destinations);
  return [...requests, ...connections].map(({ host }) => host);
}
