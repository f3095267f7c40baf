import type { Secret } from "#config/secret.ts";
import { Secret as SecretMessage } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export function toSecret({ name, roots }: Secret): SecretMessage {
  return SecretMessage.fromPartial({
    name,
    type: {
      $case: "validationContext",
      value: { trustedCa: { specifier: { $case: "inlineString", value: roots.join("") } } },
    },
  });
}

/** Each root ends with a line end; text between certificates is refused by the comparison after reading. */
export function fromSecret(message: SecretMessage): Secret {
  const context = message.type?.$case === "validationContext" ? message.type.value : undefined;
  const source = context?.trustedCa?.specifier;
  const pem = source?.$case === "inlineString" ? source.value : "";
  return {
    name: message.name,
    kind: "trust-bundle",
    roots: (pem.match(CERTIFICATE) ?? []).map((certificate) => `${certificate}\n`),
  };
}
