// The config file's schema against the Go types of Envoy Gateway v1.7.0 (api/v1alpha1/envoygateway_types.go): limits, sets and defaults.

import { envoyGatewaySchema } from "./envoygateway.ts";
import { jsonSchema } from "./schema.ts";
import { validate } from "./validate.ts";

const head = { apiVersion: "gateway.envoyproxy.io/v1alpha1", kind: "EnvoyGateway" };
const check = (spec: object) => {
  const { object, problems } = validate(jsonSchema(envoyGatewaySchema), { ...head, ...spec });
  return { object, problems: problems.map(({ path, message }) => `${path}: ${message}`) };
};
const service = (fields: object) => ({ extensionManager: { service: fields } });
const kubernetes = (fields: object) => ({ provider: { type: "Kubernetes", kubernetes: fields } });

test("single fields get the defaults of the Go types", () => {
  const file = {
    logging: {},
    admin: { address: {} },
    extensionApis: {},
    ...kubernetes({ deploy: {}, client: { rateLimit: {} } }),
    rateLimit: { backend: { type: "Redis" } },
    ...service({ retry: { backoffMultiplier: { numerator: 200 } } }),
    telemetry: { metrics: { sinks: [{ openTelemetry: { host: "a", protocol: "grpc" } }] } },
  };
  expect(check(file)).toEqual({
    problems: [],
    object: {
      ...head,
      logging: { level: { default: "info" } },
      admin: { address: { port: 19000, host: "127.0.0.1" } },
      extensionApis: { enableEnvoyPatchPolicy: false, enableBackend: false, disableLua: false },
      ...kubernetes({ deploy: { type: "GatewayNamespace" }, client: { rateLimit: { qps: 50, burst: 100 } } }),
      rateLimit: { backend: { type: "Redis" }, failClosed: false },
      ...service({ port: 80, retry: { backoffMultiplier: { numerator: 200, denominator: 100 } } }),
      telemetry: {
        metrics: {
          sinks: [{ type: "OpenTelemetry", openTelemetry: { host: "a", protocol: "grpc", port: 4317 } }],
        },
      },
    },
  });
});

const cases: readonly (readonly [rule: string, accepted: object, refused: object])[] = [
  [
    "an address is IPv4 or IPv6",
    service({ ip: { address: "fe80::1", port: 1 } }),
    service({ ip: { address: "a.b.c", port: 1 } }),
  ],
  [
    "a port is at most 65535",
    service({ fqdn: { hostname: "a.b", port: 65535 } }),
    service({ fqdn: { hostname: "a.b", port: 65536 } }),
  ],
  ["a socket path is short", service({ unix: { path: "a".repeat(108) } }), service({ unix: { path: "a".repeat(109) } })],
  [
    "retries are for gRPC's status codes",
    service({ retry: { RetryableStatusCodes: ["UNAVAILABLE", "DATA_LOSS"] } }),
    service({ retry: { RetryableStatusCodes: ["OK"] } }),
  ],
  ["log components are known", { logging: { level: { "xds-server": "debug" } } }, { logging: { level: { other: "debug" } } }],
  ["log levels are known", { logging: { level: { default: "error" } } }, { logging: { level: { default: "fatal" } } }],
  [
    "queries per second are positive",
    kubernetes({ client: { rateLimit: { qps: 1 } } }),
    kubernetes({ client: { rateLimit: { qps: 0 } } }),
  ],
  ["deploy modes are known", kubernetes({ deploy: { type: "GatewayNamespace" } }), kubernetes({ deploy: { type: "Other" } })],
  ["providers are known", { provider: { type: "Kubernetes" } }, { provider: { type: "Nomad" } }],
  ["Gateway API features are known", { gatewayAPI: { enabled: ["XListenerSet"] } }, { gatewayAPI: { enabled: ["Other"] } }],
  ["runtime flags are known", { runtimeFlags: { enabled: ["XDSNameSchemeV2"] } }, { runtimeFlags: { disabled: ["Other"] } }],
  ["the default EnvoyProxy is checked", { envoyProxy: { concurrency: 1 } }, { envoyProxy: { concurrency: "one" } }],
  ["a size has a unit", { extensionManager: { maxMessageSize: "4Mi" } }, { extensionManager: { maxMessageSize: "MB4" } }],
];

for (const [rule, accepted, refused] of cases) {
  test(rule, () => expect([check(accepted).problems, check(refused).problems.length > 0]).toEqual([[], true]));
}
