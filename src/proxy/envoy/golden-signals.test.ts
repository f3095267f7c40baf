import { expect, test } from "bun:test";
import type { Workload } from "#config/workload.ts";
import { unknownWorkload } from "../telemetry/series.ts";
import { goldenSignals, withoutOwnCounters } from "./golden-signals.ts";

const address = { host: "127.0.0.1", port: 1 };
const workload: Workload = {
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: {},
  inbound: [],
  outbound: [],
  admin: address,
  version: "1",
};
const facts = { workload, self: { ...unknownWorkload, workload: "web-1", namespace: "shop" } };
const outbound =
  'weft_cluster="outbound|9090|v1|payments.shop.svc.cluster.local",weft_code="200",weft_flags="-",weft_grpc="-",weft_workload="payments-1;shop;payments;v1;"';
const inbound =
  'weft_cluster="inbound|80||",weft_code="403",weft_flags="-",weft_peer="spiffe://cluster.local/ns/else/sa/thief",weft_details="rbac_access_denied_matched_policy[none]"';
const text = `# TYPE envoy_weft_outbound_requests counter
envoy_weft_outbound_requests{${outbound}} 7
# TYPE envoy_weft_inbound_requests counter
envoy_weft_inbound_requests{${inbound}} 2
# TYPE envoy_weft_outbound_duration histogram
envoy_weft_outbound_duration_bucket{${outbound},le="1"} 3
envoy_weft_outbound_duration_bucket{${outbound},le="+Inf"} 7
envoy_weft_outbound_duration_sum{${outbound}} 40
envoy_weft_outbound_duration_count{${outbound}} 7
# TYPE envoy_server_uptime gauge
envoy_server_uptime{} 9
`;

const [requests, durations] = goldenSignals(text, facts);
const words = (labels: readonly (readonly [string, string])[] | undefined) =>
  Object.fromEntries(labels ?? []);

test("what Envoy counted is said in Istio's words, with both sides", () => {
  const [sent] = requests?.metrics ?? [];
  expect(sent).toMatchObject({ kind: "value", value: 7 });
  expect(words(sent?.labels)).toMatchObject({
    reporter: "source",
    source_workload: "web-1",
    destination_workload: "payments-1",
    destination_version: "v1",
    destination_service: "payments.shop.svc.cluster.local",
    destination_service_name: "payments",
    destination_service_namespace: "shop",
    request_protocol: "http",
    grpc_response_status: "",
    response_code: "200",
  });
});

test("a refusal by policy is told from the application's own 403", () => {
  const [, denied] = requests?.metrics ?? [];
  expect(words(denied?.labels)).toMatchObject({
    reporter: "destination",
    source_principal: "spiffe://cluster.local/ns/else/sa/thief",
    destination_service_name: "web",
    response_flags: "UAEX",
    connection_security_policy: "mutual_tls",
  });
});

test("a gRPC call has its own status beside the one of HTTP", () => {
  const call = outbound.replace('weft_grpc="-"', 'weft_grpc="14"');
  const [grpc] = goldenSignals(`envoy_weft_outbound_requests{${call}} 1`, facts);
  expect(words(grpc?.metrics[0]?.labels)).toMatchObject({
    request_protocol: "grpc",
    grpc_response_status: "14",
  });
});

test("durations keep their buckets", () => {
  expect(durations?.metrics).toMatchObject([
    { kind: "histogram", bounds: [1], cumulative: [3, 7], sum: 40 },
  ]);
});

test("the rest of Envoy's text stays", () => {
  const rest = withoutOwnCounters(text);
  expect(rest).toContain("envoy_server_uptime{} 9");
  expect(rest).not.toContain("weft");
});
