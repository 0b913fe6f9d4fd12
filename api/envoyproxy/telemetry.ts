// spec.telemetry of EnvoyProxy: tracing, metrics and request IDs; access logs are in accesslog.ts.

import { choice, flag, integer, list, map, object, optional, text } from "../schema.ts";
import { backendClusterFields, hostOrBackends, telemetryBackendRules } from "../shared/backendcluster.ts";
import { byteQuantity, callHeaders, count, stringMatch, textMap } from "../shared/values.ts";
import { accessLog } from "./accesslog.ts";

const fallbackValue = optional(text({ description: "Value when there is none." }));

const customTag = object({
  type: choice(["Literal", "Environment", "RequestHeader"], { default: "Literal", description: "Source of the value." }),
  literal: optional(object({ value: text({ description: "The value." }) }, { description: "A fixed value." })),
  environment: optional(
    object(
      { name: text({ description: "The variable." }), defaultValue: fallbackValue },
      { description: "From Envoy's environment." },
    ),
  ),
  requestHeader: optional(
    object({ name: text({ description: "The header." }), defaultValue: fallbackValue }, { description: "From the request." }),
  ),
});

const tracingProvider = object(
  {
    ...backendClusterFields,
    type: choice(["OpenTelemetry", "Zipkin", "Datadog"], { default: "OpenTelemetry", description: "Protocol." }),
    host: optional(text({ description: "Deprecated: use backendRefs." })),
    port: count("Deprecated: use backendRefs.", { default: 4317, minimum: 0 }),
    serviceName: optional(
      text({
        description: "Name of the proxy in traces.",
        rules: [{ rule: 'self != ""', message: "serviceName must not be empty" }],
      }),
    ),
    zipkin: optional(
      object(
        {
          enable128BitTraceId: optional(flag({ description: "Trace IDs of 128 bits." })),
          disableSharedSpanContext: optional(flag({ description: "Client and server have spans of their own." })),
        },
        { description: "For type Zipkin." },
      ),
    ),
    openTelemetry: optional(
      object(
        { headers: optional(callHeaders), resourceAttributes: optional(textMap("Attributes of the resource.")) },
        { description: "For type OpenTelemetry." },
      ),
    ),
  },
  {
    description: "Where spans go.",
    rules: [
      hostOrBackends,
      ...telemetryBackendRules,
      {
        rule: "has(self.openTelemetry) ? self.type == 'OpenTelemetry' : true",
        message: "openTelemetry goes with type OpenTelemetry only",
      },
    ],
  },
);

const samplingFraction = object(
  {
    numerator: count("Numerator.", { minimum: 0 }),
    denominator: count("Denominator.", { default: 100, minimum: 1 }),
  },
  {
    description: "Share of requests that are traced.",
    rules: [{ rule: "self.numerator <= self.denominator", message: "a fraction is at most 1" }],
  },
);

/** What is said of spans, of a proxy's and of those of some routes alike. */
export const spanFields = {
  samplingFraction: optional(samplingFraction),
  customTags: optional(map(customTag, { description: "Deprecated: use tags." })),
  tags: optional(textMap("Tags of each span; values may have command operators.")),
  spanName: optional(
    object(
      { client: text({ description: "Of client spans." }), server: text({ description: "Of server spans." }) },
      { description: "Names of spans." },
    ),
  ),
};

const tracing = object(
  {
    samplingRate: optional(
      integer({ format: "int32", minimum: 0, maximum: 100, description: "Percentage traced; 100 when absent." }),
    ),
    ...spanFields,
    provider: tracingProvider,
  },
  {
    description: "Tracing; none when absent.",
    rules: [
      {
        rule: "!(has(self.samplingRate) && has(self.samplingFraction))",
        message: "samplingRate and samplingFraction exclude each other",
      },
    ],
  },
);

export const compression = object(
  {
    type: choice(["Gzip", "Brotli", "Zstd"], { description: "Algorithm." }),
    brotli: optional(object({}, { description: "For type Brotli." })),
    gzip: optional(object({}, { description: "For type Gzip." })),
    zstd: optional(object({}, { description: "For type Zstd." })),
    minContentLength: optional(byteQuantity("Shortest answer that is compressed.")),
  },
  { description: "Compression of the metrics page." },
);

const openTelemetrySink = object(
  {
    ...backendClusterFields,
    host: optional(text({ description: "Deprecated: use backendRefs." })),
    port: count("Deprecated: use backendRefs.", { default: 4317, minimum: 0, maximum: 65535 }),
    reportCountersAsDeltas: optional(flag({ description: "Send counters as deltas." })),
    reportHistogramsAsDeltas: optional(flag({ description: "Send histograms as deltas." })),
    headers: optional(callHeaders),
    resourceAttributes: optional(textMap("Attributes of the resource.")),
  },
  { description: "An OpenTelemetry collector.", rules: [hostOrBackends, ...telemetryBackendRules] },
);

const metricSink = object(
  {
    type: choice(["OpenTelemetry"], { default: "OpenTelemetry", description: "What kind of sink." }),
    openTelemetry: optional(openTelemetrySink),
  },
  {
    rules: [
      {
        rule: "self.type == 'OpenTelemetry' ? has(self.openTelemetry) : !has(self.openTelemetry)",
        message: "openTelemetry goes with type OpenTelemetry",
      },
    ],
  },
);

const metrics = object(
  {
    prometheus: optional(
      object(
        { disable: optional(flag({ description: "No metrics page." })), compression: optional(compression) },
        { description: "The metrics page." },
      ),
    ),
    sinks: optional(list(metricSink, { maxItems: 16, description: "Where metrics are sent." })),
    matches: optional(list(stringMatch, { description: "Statistics that are kept; Envoy's default when absent." })),
    enableVirtualHostStats: optional(flag({ description: "Statistics of each virtual host." })),
    enablePerEndpointStats: optional(flag({ description: "Statistics of each endpoint." })),
    enableRequestResponseSizesStats: optional(flag({ description: "Statistics of sizes." })),
    clusterStatName: optional(text({ description: "Name of a cluster's statistics, with operators such as %ROUTE_NAME%." })),
  },
  { description: "Metrics." },
);

const requestID = object(
  {
    tracing: optional(
      choice(["PackAndSample", "Sample", "Pack", "Disable"], { description: "How the request ID and trace sampling interact." }),
    ),
  },
  { description: "Request IDs." },
);

export const telemetry = object(
  { accessLog: optional(accessLog), tracing: optional(tracing), metrics: optional(metrics), requestID: optional(requestID) },
  { description: "Logs, traces and metrics." },
);
