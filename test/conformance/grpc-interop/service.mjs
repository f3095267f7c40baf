// The test service's definition, read from its .proto file.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const file = fileURLToPath(new URL("messages.proto", import.meta.url));
const definition = loadSync(file, { defaults: true, enums: String });

export const { TestService, UnimplementedService } =
  grpc.loadPackageDefinition(definition).grpc.testing;

/** Heads as large as the mesh lets through. */
export const largeMetadata = { "grpc.max_metadata_size": 60 * 1024 };
