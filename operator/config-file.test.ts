// EnvoyGateway config files: what they mean, what has no effect, what is wrong.

import { resolveOptions } from "./config.ts";
import { readConfigFile } from "./config-file.ts";

/** As in Envoy Gateway's guide to standalone mode. */
const upstream = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
gateway:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
provider:
  type: Custom
  custom:
    resource:
      type: File
      file:
        paths: ["/tmp/eg/config"]
    infrastructure:
      type: Host
      host: {}
logging:
  level:
    default: info
extensionApis:
  enableBackend: true
`;

test("the example of Envoy Gateway's guide means what it says", () => {
  expect(readConfigFile(upstream, "c.yaml")).toEqual({
    provider: "Custom",
    options: {
      paths: ["/tmp/eg/config"],
      logLevel: "info",
      gateway: {
        controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
        extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false },
      },
    },
    warnings: [],
  });
});

test("every setting that has a meaning becomes an option", () => {
  const text = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
gateway: {controllerName: example.net/controller}
provider:
  type: Custom
  custom:
    resource: {type: File, file: {paths: [routes, more.yaml]}}
    infrastructure:
      type: Host
      host: {configHome: /c, dataHome: /d, stateHome: /s, runtimeDir: /r}
logging:
  encoder: Text
  level: {default: warn, provider: debug, xds-server: trace}
admin: {address: {host: 0.0.0.0, port: 9000}}
telemetry: {metrics: {prometheus: {disable: true}}}
envoyProxy: {mergeGateways: true}
routeTables: {layout: Auto}
`;
  expect(readConfigFile(text, "c.yaml")).toEqual({
    provider: "Custom",
    options: {
      paths: ["routes", "more.yaml"],
      certificatesFolder: "/c/certs",
      envoyFolder: "/d",
      stateFolder: "/s",
      runtimeFolder: "/r",
      logLevel: "warn",
      componentLevels: { provider: "debug", xds: "silly" },
      logEncoder: "Text",
      adminHost: "0.0.0.0",
      adminPort: 9000,
      metricsPort: "off",
      gateway: {
        controllerName: "example.net/controller",
        envoyProxy: expect.objectContaining({ mergeGateways: true }),
        routeTables: { layout: "Auto" },
      },
    },
    warnings: [],
  });
});

test("what the file leaves out has its default, and the folders follow the state folder", () => {
  expect(resolveOptions({ paths: ["a"], stateFolder: "/s" })).toEqual({
    paths: ["a"],
    stateFolder: "/s",
    certificatesFolder: "/s/certs",
    runtimeFolder: "/s/run",
    xdsPort: 0,
    adminHost: "127.0.0.1",
    adminPort: 19_000,
    metricsPort: 19_001,
    logLevel: "info",
    componentLevels: {},
    logEncoder: "JSON",
    gateway: {},
    debounce: { quietMs: 10, maxMs: 50 },
  });
});

test("a setting that does nothing here is one warning with its place", () => {
  const text = `${upstream}  enableEnvoyPatchPolicy: true
  disableLua: false
rateLimit:
  backend: {type: Redis, redis: {url: "redis:6379"}}
admin:
  enablePprof: true
runtimeFlags: {enabled: [XDSNameSchemeV2]}
`;
  expect(readConfigFile(text, "c.yaml").warnings).toEqual([
    "c.yaml:20: extensionApis.enableEnvoyPatchPolicy: has no effect here yet",
    "c.yaml:22: rateLimit: has no effect here yet",
    "c.yaml:25: admin.enablePprof: has no effect here yet",
    "c.yaml:26: runtimeFlags: has no effect here yet",
  ]);
});

for (const [what, text, message] of [
  ["an unknown setting", `${upstream}bogus: 1\n`, "c.yaml:20: bogus: unknown field"],
  ["a wrong value", upstream.replace("info", "loud"), "c.yaml:17: logging.level.default: "],
  ["broken YAML", `${upstream}\n  a: b: c\n`, /^c\.yaml:\d+: not YAML: /],
  ["another kind", "kind: Gateway\n", "c.yaml:1: kind EnvoyGateway is expected"],
  ["nothing", "# empty\n", "c.yaml: no EnvoyGateway in it"],
  ["a second document", `${upstream}---\n${upstream}`, "c.yaml:21: one EnvoyGateway is expected, not several documents"],
  [
    "a watch of no namespace",
    "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\nprovider:\n  type: Kubernetes\n  kubernetes:\n    watch:\n      type: Namespaces\n",
    "c.yaml:6: provider.kubernetes.watch: type Namespaces needs namespaces",
  ],
  [
    "a lease that ends before it is renewed",
    "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\nprovider:\n  type: Kubernetes\n  kubernetes:\n    leaderElection:\n      leaseDuration: 5s\n",
    "c.yaml:6: provider.kubernetes.leaderElection: retryPeriod must be less than renewDeadline, and that less than leaseDuration",
  ],
] as const) {
  test(`${what} is refused with its place`, () => expect(() => readConfigFile(text, "c.yaml")).toThrow(message));
}

test("a file for a cluster means what it says, and names what has no effect", () => {
  const text = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
provider:
  type: Kubernetes
  kubernetes:
    watch: { type: NamespaceSelector, namespaceSelector: { matchLabels: { gateways: "yes" } } }
    deploy: { type: ControllerNamespace }
    leaderElection: { leaseDuration: 1m30s }
    shutdownManager: { image: registry.example/envoy-gateway:1 }
    client: { rateLimit: { qps: 10 } }
gatewayAPI: { enabled: [XListenerSet] }
admin: { address: { port: 20000 } }
`;
  expect(readConfigFile(text, "c.yaml")).toEqual({
    provider: "Kubernetes",
    options: {
      watch: { selector: { matchLabels: { gateways: "yes" } } },
      deployType: "ControllerNamespace",
      leaderElection: { lease: 90_000, renewDeadline: 10_000, retryPeriod: 2000 },
      shutdownManagerImage: "registry.example/envoy-gateway:1",
      adminHost: "127.0.0.1",
      adminPort: 20_000,
      gateway: {},
    },
    warnings: ["c.yaml:10: provider.kubernetes.client: has no effect here yet"],
  });
});

test("no provider means a cluster, and a switched-off election means this replica writes", () => {
  const head = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\n";
  expect(readConfigFile(head, "c.yaml")).toMatchObject({ provider: "Kubernetes", options: { gateway: {} } });
  const off = `${head}provider: { type: Kubernetes, kubernetes: { leaderElection: { disable: true } } }\n`;
  expect(readConfigFile(off, "c.yaml")).toMatchObject({ options: { leaderElection: "off" } });
});
