// Backends of services that a proxy itself calls, such as telemetry collectors (v1alpha1 BackendCluster). It knows no kind.

import { backendObjectReference, backendReference } from "../gateway/backendref.ts";
import { flag, integer, list, object, optional } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";
import { clusterSettings } from "./settings.ts";

const weightedBackend = object(
  {
    ...backendReference.fields,
    weight: integer({ format: "int32", minimum: 0, maximum: 1000000, default: 1, description: "Share of the calls." }),
    fallback: optional(flag({ description: "Used only when the others are unhealthy." })),
  },
  { rules: backendReference.rules },
);
export type ClusterBackendReference = Static<typeof weightedBackend>;

export const backendClusterFields = {
  backendRef: optional(backendObjectReference),
  backendRefs: optional(list(weightedBackend, { maxItems: 16, description: "Backends of the service." })),
  backendSettings: optional(clusterSettings),
};

/** Of the two spellings telemetry takes backendRefs only, and only Services and Backends in it. */
export const telemetryBackendRules: readonly Rule[] = [
  { rule: "!has(self.backendRef)", message: "use backendRefs, not backendRef" },
  {
    rule: "has(self.backendRefs) ? self.backendRefs.all(f, f.kind == 'Service' || f.kind == 'Backend') : true",
    message: "backendRefs name Services and Backends only",
  },
  {
    rule: "has(self.backendRefs) ? (self.backendRefs.all(f, f.group == \"\" || f.group == 'gateway.envoyproxy.io')) : true",
    message: "backendRefs are of the core group or gateway.envoyproxy.io",
  },
];

export const hostOrBackends: Rule = {
  rule: "has(self.host) || self.backendRefs.size() > 0",
  message: "host or backendRefs is needed",
};
