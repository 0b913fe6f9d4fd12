// EnvoyGateway (gateway.envoyproxy.io/v1alpha1, as of Envoy Gateway v1.7.0): the controller's config file. It is no CRD.
// Defaults here are those of single fields; operator/config.ts fills in the rest.

import { labelSelector, duration, preciseHostname, secretReference } from "./gateway/fields.ts";
import { choice, flag, integer, intOrString, list, map, object, optional, preserved, text } from "./schema.ts";
import type { Static } from "./schema.ts";
import { ipAddress } from "./backend.ts";
import { envoyProxySpec } from "./envoyproxy.ts";
import { byteQuantity, count, kubernetesPatch, strings } from "./shared/values.ts";

const port = integer({ format: "int32", minimum: 0, maximum: 65535, description: "Port number." });
const logComponents = [
  "default",
  "provider",
  "gateway-api",
  "xds-translator",
  "xds-server",
  "xds",
  "infrastructure",
  "global-ratelimit",
]
  .map((name) => `'${name}'`)
  .join(", ");
const prometheus = optional(object({ disable: optional(flag()) }));

const kubernetes = object({
  rateLimitDeployment: optional(preserved()),
  rateLimitHpa: optional(preserved()),
  rateLimitPDB: optional(
    object({
      minAvailable: optional(intOrString()),
      maxUnavailable: optional(intOrString()),
      patch: optional(kubernetesPatch),
      name: optional(text()),
    }),
  ),
  watch: optional(
    object({
      type: optional(choice(["Namespaces", "NamespaceSelector"])),
      namespaces: optional(strings("Namespaces to watch.")),
      namespaceSelector: optional(labelSelector("Labels of namespaces to watch.")),
    }),
  ),
  deploy: optional(object({ type: choice(["ControllerNamespace", "GatewayNamespace"], { default: "GatewayNamespace" }) })),
  leaderElection: optional(
    object({
      leaseDuration: optional(duration("15s when absent.")),
      renewDeadline: optional(duration("10s when absent.")),
      retryPeriod: optional(duration("2s when absent.")),
      disable: optional(flag()),
    }),
  ),
  shutdownManager: optional(object({ image: optional(text()) })),
  client: optional(
    object({
      rateLimit: optional(
        object({ qps: count("", { default: 50, minimum: 1 }), burst: count("", { default: 100, minimum: 1 }) }),
      ),
    }),
  ),
  proxyTopologyInjector: optional(object({ disabled: optional(flag()) })),
  cacheSyncPeriod: optional(duration("Time between full reads.")),
});

const custom = object({
  resource: object({
    type: choice(["File"]),
    file: optional(object({ paths: strings("Files and folders.") })),
  }),
  infrastructure: optional(
    object({
      type: choice(["Host"]),
      host: optional(
        object({
          configHome: optional(text()),
          dataHome: optional(text()),
          stateHome: optional(text()),
          runtimeDir: optional(text()),
        }),
      ),
    }),
  ),
});

const rateLimit = object({
  backend: object({
    type: choice(["Redis"]),
    redis: optional(
      object({ url: text(), tls: optional(object({ certificateRef: optional(secretReference("Client certificate.")) })) }),
    ),
  }),
  timeout: optional(duration("Time for an answer; 20ms when absent.")),
  failClosed: flag({ default: false }),
  telemetry: optional(
    object({
      metrics: optional(object({ prometheus })),
      tracing: optional(
        object({
          samplingRate: optional(count("Percentage traced.", { minimum: 0, maximum: 100 })),
          provider: optional(object({ type: optional(text()), url: text() })),
        }),
      ),
    }),
  ),
});

const groupVersionKinds = optional(list(object({ group: text(), version: text(), kind: text() })));
const hooks = optional(list(choice(["VirtualHost", "Route", "HTTPListener", "Translation", "Cluster"])));
const includeAll = optional(object({ includeAll: optional(flag()) }));

const grpcStatusCodes = [
  ...(["CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"] as const),
  ...(["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"] as const),
  ...(["UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"] as const),
];

/** Gateway API's Fraction without its rule that a fraction is at most 1: a multiplier of waits is more. */
const backoffMultiplier = object({
  numerator: integer({ format: "int32", minimum: 0 }),
  denominator: integer({ format: "int32", minimum: 1, default: 100 }),
});

const extensionManager = object({
  resources: groupVersionKinds,
  policyResources: groupVersionKinds,
  backendResources: groupVersionKinds,
  hooks: optional(
    object({
      xdsTranslator: optional(
        object({
          pre: hooks,
          post: hooks,
          translation: optional(object({ listener: includeAll, route: includeAll, cluster: includeAll, secret: includeAll })),
        }),
      ),
    }),
  ),
  service: optional(
    object({
      hostname: optional(preciseHostname("Name sent to the service.")),
      fqdn: optional(object({ hostname: preciseHostname("DNS name."), port })),
      ip: optional(object({ address: text({ minLength: 3, maxLength: 45, pattern: ipAddress }), port })),
      unix: optional(
        object({ path: text({ rules: [{ rule: "size(self) <= 108", message: "a socket path has at most 108 characters" }] }) }),
      ),
      zone: optional(text()),
      host: optional(text()),
      port: count("Deprecated: use fqdn or ip.", { default: 80, minimum: 0 }),
      tls: optional(
        object({
          certificateRef: secretReference("CA of the service, under tls.crt."),
          clientCertificateRef: optional(secretReference("Client certificate.")),
        }),
      ),
      retry: optional(
        object({
          maxAttempts: optional(integer()),
          initialBackoff: optional(duration("0.1s when absent.")),
          maxBackoff: optional(duration("1s when absent.")),
          backoffMultiplier: optional(backoffMultiplier),
          RetryableStatusCodes: optional(list(choice(grpcStatusCodes))),
        }),
      ),
    }),
  ),
  failOpen: optional(flag()),
  maxMessageSize: optional(byteQuantity("4Mi when absent.")),
});

const otelMetricSink = object({
  type: choice(["OpenTelemetry"], { default: "OpenTelemetry" }),
  openTelemetry: optional(
    object({
      host: text(),
      protocol: choice(["grpc", "http"]),
      port: count("", { default: 4317, minimum: 0 }),
      exportInterval: optional(duration("Time between exports.")),
      exportTimeout: optional(duration("Time for an export.")),
    }),
  ),
});

const runtimeFlags = optional(list(choice(["XDSNameSchemeV2"])));

export const envoyGatewaySchema = object({
  apiVersion: choice(["gateway.envoyproxy.io/v1alpha1"]),
  kind: choice(["EnvoyGateway"]),
  gateway: optional(object({ controllerName: optional(text()) })),
  provider: optional(
    object({ type: choice(["Kubernetes", "Custom"]), kubernetes: optional(kubernetes), custom: optional(custom) }),
  ),
  logging: optional(
    object({
      level: map(choice(["trace", "debug", "info", "warn", "error"]), {
        default: { default: "info" },
        rules: [
          {
            rule: `self.all(component, component in [${logComponents}])`,
            message: `components are ${logComponents}`,
          },
        ],
      }),
      encoder: optional(choice(["Text", "JSON"])),
    }),
  ),
  admin: optional(
    object({
      address: optional(object({ port: integer({ minimum: 0, default: 19000 }), host: text({ default: "127.0.0.1" }) })),
      enableDumpConfig: optional(flag()),
      enablePprof: optional(flag()),
    }),
  ),
  telemetry: optional(object({ metrics: optional(object({ sinks: optional(list(otelMetricSink)), prometheus })) })),
  xdsServer: optional(
    object({
      maxConnectionAge: optional(duration("10h to 12h when absent.")),
      maxConnectionAgeGrace: optional(duration("2m when absent.")),
    }),
  ),
  rateLimit: optional(rateLimit),
  extensionManager: optional(extensionManager),
  extensionApis: optional(
    object({
      enableEnvoyPatchPolicy: flag({ default: false }),
      enableBackend: flag({ default: false }),
      disableLua: flag({ default: false }),
    }),
  ),
  gatewayAPI: optional(object({ enabled: optional(list(choice(["XListenerSet", "XBackendTrafficPolicy"]))) })),
  runtimeFlags: optional(object({ enabled: runtimeFlags, disabled: runtimeFlags })),
  envoyProxy: optional(envoyProxySpec),
  // Ours, not Envoy Gateway's.
  routeTables: optional(object({ layout: choice(["Plain", "Bucketed", "Auto"], { default: "Plain" }) })),
});
export type EnvoyGateway = Static<typeof envoyGatewaySchema>;
