export const WHOLE_PATH =
  "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
export const DELTA_PATH =
  "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
export const CERTIFICATE_PATH = "/istio.v1.auth.IstioCertificateService/CreateCertificate";
export const METRICS_PATH = "/envoy.service.metrics.v3.MetricsService/StreamMetrics";
export const SECRETS_PATH = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets";
