/**
 * The time that a gRPC caller gives (`grpc-timeout`), in milliseconds; undefined without one, or when it is not written as
 * gRPC has it: up to eight digits and a unit.
 */
export function grpcTimeoutMs(field: string | undefined): number | undefined {
  if (field === undefined || !FORM.test(field)) return undefined;
  const unitMs = UNITS_MS[field.charAt(field.length - 1)];
  return unitMs === undefined ? undefined : Number(field.slice(0, -1)) * unitMs;
}

const FORM = /^\d{1,8}[HMSmun]$/;
const UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
