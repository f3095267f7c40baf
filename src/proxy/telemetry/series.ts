import { HISTOGRAM_LENGTH, Histogram } from "./histogram.ts";
import type { Labels } from "./metric-family.ts";

/** Everybody that Istio's labels name, for one pair of workloads; the rest of the labels come with each request. */
export interface PairLabels {
  readonly reporter: "source" | "destination";
  readonly source: WorkloadLabels;
  readonly destination: WorkloadLabels;
  /** Host that was called, its short name and its namespace. */
  readonly destinationService: string;
  readonly destinationServiceName: string;
  readonly destinationServiceNamespace: string;
  readonly connectionSecurityPolicy: "mutual_tls" | "none" | "unknown";
}

export interface WorkloadLabels {
  readonly workload: string;
  readonly namespace: string;
  /** `spiffe://…` */
  readonly principal: string;
  readonly app: string;
  readonly version: string;
  readonly canonicalService: string;
  readonly canonicalRevision: string;
}

export const unknownWorkload: WorkloadLabels = {
  workload: "unknown",
  namespace: "unknown",
  principal: "unknown",
  app: "unknown",
  version: "unknown",
  canonicalService: "unknown",
  canonicalRevision: "unknown",
};

export type RequestProtocol = "http" | "grpc";

/** What requests of one pair came to: one cell per distinct status, flags and protocol, found by a short scan. */
export class RequestSeries {
  readonly pair: PairLabels;
  readonly cells: RequestCell[] = [];
  readonly #numbersFor: ((key: CellKey) => Float64Array) | undefined;

  /** `numbersFor`: where a cell counts. Absent: in memory of its own. */
  constructor(pair: PairLabels, numbersFor?: (key: CellKey) => Float64Array) {
    this.pair = pair;
    this.#numbersFor = numbersFor;
  }

  record(
    status: number,
    flags: string,
    protocol: RequestProtocol,
    grpcStatus: string,
    durationMs: number,
    requestBytes: number,
    responseBytes: number,
  ): void {
    const cell = this.#cell(status, flags, protocol, grpcStatus);
    cell.duration.observe(durationMs);
    cell.requestBytes.observe(requestBytes);
    cell.responseBytes.observe(responseBytes);
  }

  #cell(status: number, flags: string, protocol: RequestProtocol, grpcStatus: string): RequestCell {
    const { cells } = this;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i];
      if (
        cell !== undefined &&
        cell.status === status &&
        cell.flags === flags &&
        cell.protocol === protocol &&
        cell.grpcStatus === grpcStatus
      )
        return cell;
    }
    return this.#newCell(status, flags, protocol, grpcStatus);
  }

  /** A backend may invent statuses: past the bound they share the last cell. */
  #newCell(
    status: number,
    flags: string,
    protocol: RequestProtocol,
    grpcStatus: string,
  ): RequestCell {
    const last = this.cells.at(-1);
    if (last !== undefined && this.cells.length >= MAX_CELLS) return last;
    const full = this.cells.length === MAX_CELLS - 1;
    const key = full
      ? { status: -1, flags: "other", protocol, grpcStatus: "" }
      : { status, flags, protocol, grpcStatus };
    const cell = new RequestCell(key, this.#numbersFor?.(key));
    this.cells.push(cell);
    return cell;
  }
}

const MAX_CELLS = 64;

/** What one cell counts. */
export interface CellKey {
  /** 0: the caller went away before there was one; -1: statuses beyond the bound. */
  readonly status: number;
  readonly flags: string;
  readonly protocol: RequestProtocol;
  readonly grpcStatus: string;
}

/** Numbers of one cell. */
export const CELL_LENGTH = 3 * HISTOGRAM_LENGTH;

export class RequestCell implements CellKey {
  readonly status: number;
  readonly flags: string;
  readonly protocol: RequestProtocol;
  readonly grpcStatus: string;
  readonly duration: Histogram;
  readonly requestBytes: Histogram;
  readonly responseBytes: Histogram;

  /** `numbers`: where it counts, `CELL_LENGTH` of them. */
  constructor({ status, flags, protocol, grpcStatus }: CellKey, numbers?: Float64Array) {
    this.status = status;
    this.flags = flags;
    this.protocol = protocol;
    this.grpcStatus = grpcStatus;
    const part = (n: number) => numbers?.subarray(n * HISTOGRAM_LENGTH, (n + 1) * HISTOGRAM_LENGTH);
    this.duration = new Histogram(part(0));
    this.requestBytes = new Histogram(part(1));
    this.responseBytes = new Histogram(part(2));
  }

  get count(): number {
    return this.duration.count;
  }
}

/** Numbers of one `TcpSeries`. */
export const TCP_LENGTH = 4;

/** Connections of one pair whose content is not HTTP. */
export class TcpSeries {
  readonly pair: PairLabels;
  readonly #numbers: Float64Array;

  /** `numbers`: where it counts, `TCP_LENGTH` of them. */
  constructor(pair: PairLabels, numbers: Float64Array = new Float64Array(TCP_LENGTH)) {
    this.pair = pair;
    this.#numbers = numbers;
  }

  get opened(): number {
    return this.#numbers[0] ?? 0;
  }

  set opened(value: number) {
    this.#numbers[0] = value;
  }

  get closed(): number {
    return this.#numbers[1] ?? 0;
  }

  set closed(value: number) {
    this.#numbers[1] = value;
  }

  get sentBytes(): number {
    return this.#numbers[2] ?? 0;
  }

  set sentBytes(value: number) {
    this.#numbers[2] = value;
  }

  get receivedBytes(): number {
    return this.#numbers[3] ?? 0;
  }

  set receivedBytes(value: number) {
    this.#numbers[3] = value;
  }
}

/** Istio's labels in Istio's order, up to and including the protocol. */
export function pairLabelList(pair: PairLabels, protocol: string): Labels {
  const { source, destination } = pair;
  return [
    ["reporter", pair.reporter],
    ["source_workload", source.workload],
    ["source_canonical_service", source.canonicalService],
    ["source_canonical_revision", source.canonicalRevision],
    ["source_workload_namespace", source.namespace],
    ["source_principal", source.principal],
    ["source_app", source.app],
    ["source_version", source.version],
    ["source_cluster", "unknown"],
    ["destination_workload", destination.workload],
    ["destination_workload_namespace", destination.namespace],
    ["destination_principal", destination.principal],
    ["destination_app", destination.app],
    ["destination_version", destination.version],
    ["destination_service", pair.destinationService],
    ["destination_canonical_service", destination.canonicalService],
    ["destination_canonical_revision", destination.canonicalRevision],
    ["destination_service_name", pair.destinationServiceName],
    ["destination_service_namespace", pair.destinationServiceNamespace],
    ["destination_cluster", "unknown"],
    ["request_protocol", protocol],
  ];
}
