// BackendTrafficPolicy (gateway.envoyproxy.io/v1alpha1, as of Envoy Gateway v1.7.0): how requests of routes go to their backends.
// Its larger parts are in backendtrafficpolicy/ and shared/.

import { duration } from "./gateway/fields.ts";
import { rateLimit } from "./backendtrafficpolicy/ratelimit.ts";
import { responseOverride } from "./backendtrafficpolicy/responseoverride.ts";
import { compression, spanFields } from "./envoyproxy/telemetry.ts";
import { decimal, flag, integer, kind, list, object, optional, text } from "./schema.ts";
import type { Static } from "./schema.ts";
import { policyStatus, policyTargets, targetRules } from "./shared/policy.ts";
import { clusterSettingsFields, preconnectRule } from "./shared/settings.ts";
import { byteQuantity } from "./shared/values.ts";

const percentage = () => decimal({ default: 100, description: "Percentage of requests." });

const faultInjection = object(
  {
    delay: optional(
      object(
        { fixedDelay: duration("How long to wait before a request goes on."), percentage: percentage() },
        { description: "Delayed requests." },
      ),
    ),
    abort: optional(
      object(
        {
          httpStatus: optional(integer({ format: "int32", minimum: 200, maximum: 600, description: "Status of the answer." })),
          grpcStatus: optional(integer({ format: "int32", description: "gRPC status of the answer." })),
          percentage: percentage(),
        },
        {
          description: "Requests that are answered with an error.",
          rules: [
            {
              rule: " !(has(self.httpStatus) && has(self.grpcStatus)) ",
              message: "httpStatus and grpcStatus exclude each other",
            },
            { rule: " has(self.httpStatus) || has(self.grpcStatus) ", message: "httpStatus or grpcStatus must be given" },
          ],
        },
      ),
    ),
  },
  {
    description: "Faults made on purpose.",
    rules: [{ rule: " has(self.delay) || has(self.abort) ", message: "delay or abort must be given" }],
  },
);

const httpUpgrade = object(
  {
    type: text({ description: "Protocol of the upgrade, such as websocket or CONNECT." }),
    connect: optional(
      object(
        { terminate: optional(flag({ description: "Take the payload out of the CONNECT request." })) },
        { description: "For type CONNECT." },
      ),
    ),
  },
  { rules: [{ rule: "!has(self.connect) || self.type == 'CONNECT'", message: "connect goes with type CONNECT only" }] },
);

const tracing = object(
  {
    ...spanFields,
  },
  { description: "Traces of these requests." },
);

const telemetry = object(
  {
    tracing: optional(tracing),
    metrics: optional(
      object(
        { routeStatName: optional(text({ description: "Name under which requests are counted; may have operators." })) },
        { description: "Metrics of these requests." },
      ),
    ),
  },
  { description: "Traces and metrics of these requests." },
);

const anyTarget = "in ['Gateway', 'HTTPRoute', 'GRPCRoute', 'UDPRoute', 'TCPRoute', 'TLSRoute']";

const spec = object(
  {
    ...policyTargets,
    ...clusterSettingsFields,
    mergeType: optional(
      text({ description: "StrategicMerge or JSONMerge: change the policy above; absent: stand in its place." }),
    ),
    rateLimit: optional(rateLimit),
    faultInjection: optional(faultInjection),
    useClientProtocol: optional(flag({ description: "Speak to backends what the client speaks." })),
    compression: optional(list(compression, { description: "Deprecated: use compressor." })),
    compressor: optional(list(compression, { description: "Compression of answers, the preferred one first." })),
    responseOverride: optional(list(responseOverride, { description: "Other answers in place of those of backends." })),
    httpUpgrade: optional(list(httpUpgrade, { description: "Upgrades that are allowed; websocket when absent." })),
    requestBuffer: optional(
      object(
        { limit: optional(byteQuantity("Largest body; a larger one is answered with 413.")) },
        { description: "Take the whole request before any of it goes on." },
      ),
    ),
    telemetry: optional(telemetry),
    routingType: optional(text({ description: "Endpoint or Service: where requests for a Service go." })),
  },
  {
    description: "What the policy asks for.",
    rules: [
      ...targetRules([`${anyTarget} : true`, `${anyTarget}) : true `]),
      { rule: "!has(self.compression) || !has(self.compressor)", message: "compression and compressor exclude each other" },
      preconnectRule,
    ],
  },
);

export const backendTrafficPolicySchema = kind(
  "BackendTrafficPolicy",
  { spec, status: optional(policyStatus) },
  { description: "How requests of routes go to their backends." },
);
export type BackendTrafficPolicy = Static<typeof backendTrafficPolicySchema>;
export type BackendTrafficSpec = BackendTrafficPolicy["spec"];
