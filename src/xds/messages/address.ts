import type { SocketAddress } from "#config/socket-address.ts";
import { Address } from "./generated/envoy/config/core/v3/address.ts";

export function toAddress({ host, port, path }: SocketAddress): Address {
  if (path !== undefined)
    return Address.fromPartial({ address: { $case: "pipe", value: { path } } });
  return Address.fromPartial({
    address: {
      $case: "socketAddress",
      value: { address: host, portSpecifier: { $case: "portValue", value: port } },
    },
  });
}

export function fromAddress(message: Address | undefined): SocketAddress {
  const address = message?.address;
  if (address?.$case === "pipe") return { host: "", port: 0, path: address.value.path };
  if (address?.$case !== "socketAddress") return { host: "", port: 0 };
  const port = address.value.portSpecifier;
  return { host: address.value.address, port: port?.$case === "portValue" ? port.value : 0 };
}
