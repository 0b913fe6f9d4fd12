// EnvoyProxy (gateway.envoyproxy.io/v1alpha1, as of Envoy Gateway v1.7.0): how the proxies of a class or Gateway run and report.
// Its larger parts are in envoyproxy/.

import { conditions, duration } from "./gateway/fields.ts";
import { parentReference } from "./gateway/parentref.ts";
import { choice, flag, integer, kind, list, object, optional, refined, text } from "./schema.ts";
import type { Static } from "./schema.ts";
import { logging, provider } from "./envoyproxy/provider.ts";
import { telemetry } from "./envoyproxy/telemetry.ts";
import { clientTLSSettings, tlsVersionRules } from "./shared/tls.ts";
import { jsonPatchOperation, strings } from "./shared/values.ts";

/** HTTP filters that may be reordered. */
const filterNames = [
  "envoy.filters.http.custom_response",
  "envoy.filters.http.health_check",
  "envoy.filters.http.fault",
  "envoy.filters.http.cors",
  "envoy.filters.http.header_mutation",
  "envoy.filters.http.ext_authz",
  "envoy.filters.http.api_key_auth",
  "envoy.filters.http.basic_auth",
  "envoy.filters.http.oauth2",
  "envoy.filters.http.jwt_authn",
  "envoy.filters.http.stateful_session",
  "envoy.filters.http.buffer",
  "envoy.filters.http.lua",
  "envoy.filters.http.ext_proc",
  "envoy.filters.http.wasm",
  "envoy.filters.http.rbac",
  "envoy.filters.http.local_ratelimit",
  "envoy.filters.http.ratelimit",
  "envoy.filters.http.grpc_web",
  "envoy.filters.http.grpc_stats",
  "envoy.filters.http.credential_injector",
  "envoy.filters.http.compressor",
  "envoy.filters.http.dynamic_forward_proxy",
] as const;

const filterPosition = object(
  {
    name: choice(filterNames, { description: "The filter to move." }),
    before: optional(choice(filterNames, { description: "Put it before this one." })),
    after: optional(choice(filterNames, { description: "Put it after this one." })),
  },
  {
    rules: [
      { rule: "(has(self.before) || has(self.after))", message: "before or after is needed" },
      {
        rule: "(has(self.before) && !has(self.after)) || (!has(self.before) && has(self.after))",
        message: "before and after exclude each other",
      },
    ],
  },
);

const bootstrap = object(
  {
    type: choice(["Merge", "Replace", "JSONPatch"], { default: "Replace", description: "How it is applied." }),
    value: optional(text({ description: "Bootstrap in YAML, for Merge and Replace." })),
    jsonPatches: optional(list(jsonPatchOperation, { description: "Operations, for JSONPatch." })),
  },
  {
    description: "Changes of Envoy's bootstrap.",
    rules: [
      {
        rule: "self.type == 'JSONPatch' ? self.jsonPatches.size() > 0 : has(self.value)",
        message: "JSONPatch needs jsonPatches, other types need value",
      },
    ],
  },
);

const shutdown = object(
  {
    drainTimeout: optional(duration("Longest drain; 60s when absent.")),
    minDrainDuration: optional(duration("Shortest drain; 10s when absent.")),
  },
  { description: "How a proxy ends." },
);

export const envoyProxySpec = object(
  {
    provider: optional(provider),
    logging,
    telemetry: optional(telemetry),
    bootstrap: optional(bootstrap),
    concurrency: optional(integer({ format: "int32", description: "Worker threads; one per CPU when absent." })),
    routingType: optional(text({ description: "Endpoint (default) or Service: where requests for a Service go." })),
    extraArgs: optional(strings("Further arguments of Envoy.")),
    mergeGateways: optional(flag({ description: "One fleet for all Gateways of the class." })),
    shutdown: optional(shutdown),
    filterOrder: optional(list(filterPosition, { description: "Changes to the order of HTTP filters." })),
    backendTLS: optional(
      object(clientTLSSettings, { rules: tlsVersionRules, description: "TLS towards all backends, unless they say otherwise." }),
    ),
    ipFamily: optional(choice(["IPv4", "IPv6", "DualStack"], { description: "Address family of the proxies." })),
    preserveRouteOrder: optional(flag({ description: "Try routes in the order written." })),
    luaValidation: optional(
      choice(["Strict", "InsecureSyntax", "Disabled"], { description: "How Lua is checked; Strict when absent." }),
    ),
  },
  { description: "How the proxies run and report." },
);

const status = object(
  {
    ancestors: optional(
      list(
        object({
          ancestorRef: refined(parentReference, { description: "The Gateway or GatewayClass." }),
          conditions: optional(refined(conditions(), { maxItems: undefined })),
        }),
        {
          description: "One entry per Gateway or GatewayClass.",
        },
      ),
    ),
  },
  { description: "What the controller says of it." },
);

export const envoyProxySchema = kind(
  "EnvoyProxy",
  { spec: envoyProxySpec, status: optional(status) },
  { description: "How the proxies of a GatewayClass or Gateway run and report." },
);
export type EnvoyProxy = Static<typeof envoyProxySchema>;
export type EnvoyProxySpec = EnvoyProxy["spec"];
