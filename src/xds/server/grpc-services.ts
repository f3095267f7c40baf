import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { CERTIFICATE_PATH, DELTA_PATH, METRICS_PATH, WHOLE_PATH } from "../grpc-paths.ts";

type Bytes = Uint8Array;

/** Bytes go through as they are: reading them is ours, so that a broken message is answered in words. */
const asBytes = {
  requestSerialize: (bytes: Bytes) => Buffer.from(bytes),
  requestDeserialize: (bytes: Buffer): Bytes => bytes,
  responseSerialize: (bytes: Bytes) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  responseDeserialize: (bytes: Buffer): Bytes => bytes,
};

function method(
  path: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<Bytes, Bytes> {
  return { path, requestStream, responseStream, ...asBytes };
}

export const discoveryService: ServiceDefinition = {
  StreamAggregatedResources: method(WHOLE_PATH, true, true),
  DeltaAggregatedResources: method(DELTA_PATH, true, true),
};

export const certificateService: ServiceDefinition = {
  CreateCertificate: method(CERTIFICATE_PATH, false, false),
};

export const metricsService: ServiceDefinition = {
  StreamMetrics: method(METRICS_PATH, true, false),
};
