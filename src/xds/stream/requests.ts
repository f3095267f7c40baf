// What a request means: acknowledgement, refusal, and a change of what is asked for, told apart here and nowhere else.
import type { ConfigType } from "#config/snapshot.ts";
import type { DeltaRequest, WholeRequest } from "../messages/discovery.ts";
import { XdsError } from "../xds-error.ts";
import type { ConfigConversation } from "./config-conversation.ts";
import type { TypeState } from "./type-state.ts";

const NAME_MAX_CHARS = 2048;
const NAMES_MAX = 100_000;
/** Where "no names" in the first request means "all". Virtual hosts: as Envoy's own VHDS asks. */
const LEGACY_WILDCARD: readonly ConfigType[] = ["listener", "cluster", "virtual-host"];

/** Throws XdsError `too-large` for names beyond the limits; the stream then ends. */
export function applyDeltaRequest(
  conversation: ConfigConversation,
  type: ConfigType,
  request: DeltaRequest,
  nowMs: number,
): void {
  const isFirst = !conversation.isSubscribed(type);
  const state = conversation.typeState(type);
  answer(conversation, type, request, nowMs);
  if (isFirst && request.subscribe.length === 0 && LEGACY_WILDCARD.includes(type))
    state.subscribe("*");
  for (const name of request.subscribe) {
    checkName(name);
    if (!isFirst && name !== "*") state.forget(name); // whoever asks again gets it again
    state.subscribe(name);
  }
  if (isFirst)
    for (const [name, version] of request.initialVersions)
      if (state.wants(name)) state.held.set(name, { version });
  for (const name of request.unsubscribe) state.unsubscribe(name);
  checkCount(state);
}

/** In a state-of-the-world request the names are the whole subscription. Throws like `applyDeltaRequest`. */
export function applyWholeRequest(
  conversation: ConfigConversation,
  type: ConfigType,
  request: WholeRequest,
  nowMs: number,
): void {
  const isFirst = !conversation.isSubscribed(type);
  const state = conversation.typeState(type);
  if (!isFirst && request.nonce !== state.lastNonce) return; // a newer answer is on its way to the client
  answer(conversation, type, request, nowMs);
  const wanted = new Set(request.names);
  const all = isFirst
    ? wanted.size === 0 && LEGACY_WILDCARD.includes(type)
    : wanted.size === 0 && state.names.size === 0 && state.wildcard;
  if (all) wanted.add("*");
  for (const name of [...state.names]) if (!wanted.has(name)) state.unsubscribe(name);
  if (state.wildcard && !wanted.has("*")) state.unsubscribe("*");
  for (const name of wanted) {
    checkName(name);
    if (name === "*" ? !state.wildcard : !state.names.has(name)) state.subscribe(name);
  }
  checkCount(state);
}

function answer(
  conversation: ConfigConversation,
  type: ConfigType,
  { nonce, error }: { readonly nonce: string; readonly error?: string },
  nowMs: number,
): void {
  if (nonce === "") return;
  if (error === undefined) conversation.acknowledge(type, nonce);
  else conversation.reject(type, nonce, error, nowMs);
}

function checkName(name: string): void {
  if (name.length <= NAME_MAX_CHARS) return;
  throw new XdsError(
    "too-large",
    `a resource name of ${name.length} characters (at most ${NAME_MAX_CHARS}): ${name.slice(0, 60)}…`,
  );
}

function checkCount({ type, names }: TypeState): void {
  if (names.size > NAMES_MAX)
    throw new XdsError("too-large", `more than ${NAMES_MAX} names of type ${type} on one stream`);
}
