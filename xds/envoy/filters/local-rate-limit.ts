// The local rate limit filter: buckets that each Envoy fills by itself. Always in the chain and disabled (see hcm.ts); a route switches it on with its buckets.

import type { Any } from "@bufbuild/protobuf/wkt";
import {
  extensions_common_ratelimit_v3,
  config_route_v3,
  extensions_filters_http_local_ratelimit_v3,
  type extensions_filters_network_http_connection_manager_v3,
  type_v3,
} from "#envoy";
import type { Bucket, LimitCondition, LimitRule, LocalLimit } from "../../model/traffic-filters.ts";
import type { MessageInit } from "../message-init.ts";
import { milliseconds, packed, stringMatch } from "../wire.ts";

const { LocalRateLimitSchema } = extensions_filters_http_local_ratelimit_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;
type Entry = MessageInit<typeof extensions_common_ratelimit_v3.RateLimitDescriptor_EntrySchema>;
type Action = MessageInit<typeof config_route_v3.RateLimit_ActionSchema>;

export const localRateLimitFilterName = "envoy.filters.http.local_ratelimit";

const statPrefix = "http_local_rate_limiter";

export function localRateLimitFilter(): HttpFilter {
  const config = packed(LocalRateLimitSchema, { statPrefix });
  return { name: localRateLimitFilterName, disabled: true, configType: { case: "typedConfig", value: config } };
}

/** As good as none. */
const unlimited: Bucket = { requests: 2 ** 32 - 1, intervalMs: 1000 };

const always = {
  defaultValue: { numerator: 100, denominator: type_v3.FractionalPercent_DenominatorType.HUNDRED },
} as const;

export function localRateLimit({ rest = unlimited, rules }: LocalLimit): Any {
  return packed(LocalRateLimitSchema, {
    statPrefix,
    tokenBucket: tokenBucket(rest),
    filterEnabled: always,
    filterEnforced: always,
    enableXRatelimitHeaders: extensions_common_ratelimit_v3.XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
    descriptors: rules.map((rule, index) => ({
      entries: parts(rule, index).map(([entry]) => entry),
      tokenBucket: tokenBucket(rule.bucket),
    })),
    // A request that a rule counts is not counted among the rest.
    alwaysConsumeDefaultTokenBucket: false,
    rateLimits: rules.map((rule, index) => ({ actions: parts(rule, index).map(([, action]) => action) })),
  });
}

function tokenBucket({ requests, intervalMs }: Bucket): MessageInit<typeof type_v3.TokenBucketSchema> {
  return { maxTokens: requests, tokensPerFill: requests, fillInterval: milliseconds(intervalMs) };
}

/** Of each condition: what a request must be described by, and how it comes to be. */
function parts({ conditions }: LimitRule, rule: number): readonly (readonly [Entry, Action])[] {
  return conditions.map((condition, index) => part(condition, `rule-${rule}-match-${index}`));
}

function part(condition: LimitCondition, key: string): readonly [Entry, Action] {
  switch (condition.type) {
    case "header": {
      const { match, matches: expectMatch } = condition;
      const headers = [{ name: match.name, headerMatchSpecifier: { case: "stringMatch", value: stringMatch(match) } as const }];
      const value = { descriptorKey: key, descriptorValue: key, expectMatch, headers };
      return [{ key, value: key }, { actionSpecifier: { case: "headerValueMatch", value } }];
    }
    case "query": {
      const { match, matches: expectMatch } = condition;
      const specifier = { case: "stringMatch", value: stringMatch(match) } as const;
      const queryParameters = [{ name: match.name, queryParameterMatchSpecifier: specifier }];
      const value = { descriptorKey: key, descriptorValue: key, expectMatch, queryParameters };
      return [{ key, value: key }, { actionSpecifier: { case: "queryParameterValueMatch", value } }];
    }
    case "eachHeader":
      return [
        { key },
        { actionSpecifier: { case: "requestHeaders", value: { headerName: condition.name, descriptorKey: key } } },
      ];
    case "eachQuery": {
      const value = { queryParameterName: condition.name, descriptorKey: key };
      return [{ key }, { actionSpecifier: { case: "queryParameters", value } }];
    }
    case "source": {
      const { cidr, family, bits } = condition;
      const value = family === 4 ? { v4PrefixMaskLen: bits } : { v6PrefixMaskLen: bits };
      return [{ key: "masked_remote_address", value: cidr }, { actionSpecifier: { case: "maskedRemoteAddress", value } }];
    }
    case "eachSource":
      return [{ key: "remote_address" }, { actionSpecifier: { case: "remoteAddress", value: {} } }];
  }
}
