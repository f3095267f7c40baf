import type { RedirectAction } from "#config/route.ts";
import {
  RedirectAction_RedirectResponseCode as RedirectCode,
  RedirectAction as RedirectMessage,
} from "./generated/envoy/config/route/v3/route_components.ts";
import { asString } from "./metadata.ts";

type Fields = Readonly<Record<string, unknown>>;

const REDIRECT_CODES: readonly (readonly [status: number, code: RedirectCode])[] = [
  [301, RedirectCode.MOVED_PERMANENTLY],
  [302, RedirectCode.FOUND],
  [303, RedirectCode.SEE_OTHER],
  [307, RedirectCode.TEMPORARY_REDIRECT],
  [308, RedirectCode.PERMANENT_REDIRECT],
];

/** The statuses that a redirect can have on the wire. */
export const redirectStatuses: readonly number[] = REDIRECT_CODES.map(([status]) => status);

export function toRedirect(action: RedirectAction): RedirectMessage {
  const { path, scheme } = action;
  const message = RedirectMessage.fromPartial({
    hostRedirect: action.authority ?? "",
    portRedirect: redirectPort(action),
    responseCode:
      REDIRECT_CODES.find(([status]) => status === action.status)?.[1] ??
      RedirectCode.MOVED_PERMANENTLY,
  });
  if (scheme !== undefined)
    message.schemeRewriteSpecifier = { $case: "schemeRedirect", value: scheme };
  if (path)
    message.pathRewriteSpecifier = {
      $case: path.kind === "path" ? "pathRedirect" : "prefixRewrite",
      value: path.value,
    };
  return message;
}

/** Envoy has only numbers: the protocol's own port where we know the protocol, else the request's. */
function redirectPort({ port, scheme }: RedirectAction): number {
  if (typeof port === "number") return port;
  if (port !== "from-protocol") return 0;
  return { https: 443, http: 80 }[scheme ?? ""] ?? 0;
}

export function fromRedirect(message: RedirectMessage, extras: Fields): RedirectAction {
  const scheme = message.schemeRewriteSpecifier;
  const path = message.pathRewriteSpecifier;
  const port = fromRedirectPort(message.portRedirect, extras);
  return {
    kind: "redirect",
    status: REDIRECT_CODES.find(([, code]) => code === message.responseCode)?.[0] ?? 301,
    ...(scheme?.$case === "schemeRedirect" ? { scheme: scheme.value } : {}),
    ...(message.hostRedirect === "" ? {} : { authority: message.hostRedirect }),
    ...(port === undefined ? {} : { port }),
    ...(path?.$case === "pathRedirect" ? { path: { kind: "path", value: path.value } } : {}),
    ...(path?.$case === "prefixRewrite" ? { path: { kind: "prefix", value: path.value } } : {}),
  };
}

function fromRedirectPort(port: number, extras: Fields): RedirectAction["port"] {
  const derived = asString(extras.redirectPort);
  if (derived === "from-protocol" || derived === "from-request") return derived;
  return port === 0 ? undefined : port;
}
