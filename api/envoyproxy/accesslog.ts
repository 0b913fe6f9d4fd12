// spec.telemetry.accessLog of EnvoyProxy: which requests are logged, how and where to.

import { choice, flag, list, object, optional, text } from "../schema.ts";
import { backendClusterFields, hostOrBackends, telemetryBackendRules } from "../shared/backendcluster.ts";
import { callHeaders, count, strings, textMap } from "../shared/values.ts";

const goesWith = (type: string, field: string) => ({
  rule: `self.type == '${type}' ? has(self.${field}) : !has(self.${field})`,
  message: `${field} goes with type ${type}`,
});

const formatRule = (type: string, condition: string, message: string) => ({
  rule: `has(self.type) && self.type == '${type}' ? ${condition} : true`,
  message,
});

const format = object(
  {
    type: optional(choice(["Text", "JSON"], { description: "Which of the two is given." })),
    text: optional(text({ description: "A line with Envoy's command operators." })),
    json: optional(textMap("Fields with Envoy's command operators.")),
  },
  {
    description: "What is logged; a JSON default when absent.",
    rules: [
      formatRule("Text", "has(self.text)", "type Text needs text"),
      formatRule("Text", "!has(self.json)", "type Text excludes json"),
      formatRule("JSON", "has(self.json)", "type JSON needs json"),
      formatRule("JSON", "!has(self.text)", "type JSON excludes text"),
      { rule: "!has(self.type) ? (has(self.text) || has(self.json)) : true", message: "text or json is needed" },
    ],
  },
);

const als = object(
  {
    ...backendClusterFields,
    logName: optional(text({ minLength: 1, description: "Name of the log; made from the proxy's name when absent." })),
    type: choice(["HTTP", "TCP"], { description: "What kind of entries are sent." }),
    http: optional(
      object(
        {
          requestHeaders: optional(strings("Request headers to log.")),
          responseHeaders: optional(strings("Response headers to log.")),
          responseTrailers: optional(strings("Response trailers to log.")),
        },
        { description: "Additions for type HTTP." },
      ),
    ),
  },
  {
    description: "Envoy's gRPC access log service.",
    rules: [
      { rule: "self.type == 'HTTP' || !has(self.http)", message: "http goes with type HTTP only" },
      { rule: "has(self.backendRefs) && self.backendRefs.size() > 0", message: "backendRefs is needed" },
      ...telemetryBackendRules,
    ],
  },
);

const openTelemetry = object(
  {
    ...backendClusterFields,
    host: optional(text({ description: "Deprecated: use backendRefs." })),
    port: count("Deprecated: use backendRefs.", { default: 4317, minimum: 0 }),
    resources: optional(textMap("Deprecated: use resourceAttributes.")),
    resourceAttributes: optional(textMap("Attributes of the resource.")),
    headers: optional(callHeaders),
  },
  {
    description: "An OpenTelemetry collector.",
    rules: [
      hostOrBackends,
      ...telemetryBackendRules,
      {
        rule: "!has(self.resources) || !has(self.resourceAttributes)",
        message: "resources and resourceAttributes exclude each other",
      },
    ],
  },
);

const sink = object(
  {
    type: optional(choice(["ALS", "File", "OpenTelemetry"], { description: "What kind of sink." })),
    als: optional(als),
    file: optional(
      object({ path: optional(text({ minLength: 1, description: "Path of the file." })) }, { description: "A file." }),
    ),
    openTelemetry: optional(openTelemetry),
  },
  { rules: [goesWith("ALS", "als"), goesWith("File", "file"), goesWith("OpenTelemetry", "openTelemetry")] },
);

const setting = object({
  format: optional(format),
  matches: optional(list(text(), { maxItems: 10, description: "CEL expressions, all of which must hold." })),
  sinks: list(sink, { minItems: 1, maxItems: 50, description: "Where entries go." }),
  type: optional(choice(["Listener", "Route"], { description: "Connections or requests; both when absent." })),
});

export const accessLog = object(
  {
    disable: optional(flag({ description: "No access log." })),
    settings: optional(list(setting, { minItems: 1, maxItems: 50, description: "Access logs; one to stdout when absent." })),
  },
  { description: "Access logs." },
);
