import { configTypes } from "#config/snapshot.ts";
import { decode, encode } from "#xds/messages/codec.ts";
import { XdsError } from "#xds/xds-error.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

/** The first byte says the type; the rest is a message that has to be named `a`. */
export const xdsResources: FuzzTarget = {
  name: "xds-resources",
  dictionary: ["\x0a\x01a", "\x12\x00", "\x08\x01", "\xff\x01", "\x0b", "type.googleapis.com/"],
  run(bytes) {
    const type = configTypes[(bytes[0] ?? 0) % configTypes.length] ?? "cluster";
    const name = type === "virtual-host" ? "outbound/a" : "a";
    try {
      const resource = decode(type, name, "1", bytes.subarray(1));
      const again = decode(type, name, "1", encode(resource));
      mustEqual(JSON.stringify(again.value), JSON.stringify(resource.value), "sent again");
    } catch (cause) {
      if (!(cause instanceof XdsError) || cause.code === "internal") throw cause;
    }
  },
};
