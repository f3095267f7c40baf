import { Histogram } from "./histogram.ts";
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

  constructor(pair: PairLabels) {
    this.pair = pair;
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
    cell.count++;
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
    const cell: RequestCell = {
      status: full ? -1 : status,
      flags: full ? "other" : flags,
      protocol,
      grpcStatus: full ? "" : grpcStatus,
      count: 0,
      duration: new Histogram(),
      requestBytes: new Histogram(),
      responseBytes: new Histogram(),
    };
    this.cells.push(cell);
    return cell;
  }
}

const MAX_CELLS = 64;

export interface RequestCell {
  /** 0: the caller went away before there was one; -1: statuses beyond the bound. */
  readonly status: number;
  readonly flags: string;
  readonly protocol: RequestProtocol;
  readonly grpcStatus: string;
  count: number;
  readonly duration: Histogram;
  readonly requestBytes: Histogram;
  readonly responseBytes: Histogram;
}

/** Connections of one pair whose content is not HTTP. */
export class TcpSeries {
  readonly pair: PairLabels;
  opened = 0;
  closed = 0;
  sentBytes = 0;
  receivedBytes = 0;

  constructor(pair: PairLabels) {
    this.pair = pair;
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
