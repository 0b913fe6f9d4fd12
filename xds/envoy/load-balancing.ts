// How endpoints of a cluster are chosen.

import {
  config_cluster_v3,
  extensions_load_balancing_policies_common_v3,
  extensions_load_balancing_policies_least_request_v3,
  extensions_load_balancing_policies_maglev_v3,
  extensions_load_balancing_policies_override_host_v3,
  extensions_load_balancing_policies_random_v3,
  extensions_load_balancing_policies_round_robin_v3,
} from "#envoy";
import type { Cluster } from "../model/backend.ts";
import type { Balancing } from "../model/upstream-settings.ts";
import type { MessageInit } from "./message-init.ts";
import { milliseconds, packed } from "./wire.ts";

type Policy = MessageInit<typeof config_cluster_v3.LoadBalancingPolicySchema>;
type Localities = MessageInit<typeof extensions_load_balancing_policies_common_v3.LocalityLbConfigSchema>;

const prefix = "envoy.load_balancing_policies";

export function loadBalancingPolicy({ settings, weightedLocalities }: Cluster): Policy {
  const balancing = settings?.balancing ?? { type: "leastRequest" };
  const chosen = one(balancing, weightedLocalities === true);
  if (balancing.override === undefined) return chosen;
  const { OverrideHostSchema } = extensions_load_balancing_policies_override_host_v3;
  const override = packed(OverrideHostSchema, {
    overrideHostSources: balancing.override.map((header) => ({ header })),
    fallbackPolicy: chosen,
  });
  return { policies: [{ typedExtensionConfig: { name: `${prefix}.override_host`, typedConfig: override } }] };
}

function one(balancing: Balancing, weighted: boolean): Policy {
  return { policies: [{ typedExtensionConfig: extension(balancing, weighted) }] };
}

function extension(balancing: Balancing, weighted: boolean) {
  const locality = weighted ? { localityLbConfig: byWeight } : {};
  switch (balancing.type) {
    case "leastRequest": {
      const { LeastRequestSchema } = extensions_load_balancing_policies_least_request_v3;
      return {
        name: `${prefix}.least_request`,
        typedConfig: packed(LeastRequestSchema, { ...locality, ...slowStart(balancing) }),
      };
    }
    case "roundRobin": {
      const { RoundRobinSchema } = extensions_load_balancing_policies_round_robin_v3;
      return { name: `${prefix}.round_robin`, typedConfig: packed(RoundRobinSchema, { ...locality, ...slowStart(balancing) }) };
    }
    case "random":
      return {
        name: `${prefix}.random`,
        typedConfig: packed(extensions_load_balancing_policies_random_v3.RandomSchema, locality),
      };
    case "maglev": {
      const { MaglevSchema } = extensions_load_balancing_policies_maglev_v3;
      const localities = weighted ? { localityWeightedLbConfig: {} } : {};
      return {
        name: `${prefix}.maglev`,
        typedConfig: packed(MaglevSchema, { tableSize: BigInt(balancing.tableSize), ...localities }),
      };
    }
  }
}

const byWeight: Localities = { localityConfigSpecifier: { case: "localityWeightedLbConfig", value: {} } };

function slowStart({ slowStartMs }: { readonly slowStartMs?: number }) {
  return slowStartMs === undefined ? {} : { slowStartConfig: { slowStartWindow: milliseconds(slowStartMs) } };
}
