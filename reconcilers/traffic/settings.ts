// What a BackendTrafficPolicy means where it holds: for the requests of a rule, and for the clusters they go to. Clusters of a policy are variants of the
// backend's cluster, named by a hash of the settings, so that policies that ask for the same share them; a cluster finds its settings by that hash.

import { createHash } from "node:crypto";
import type { BackendTrafficSpec } from "../../api/backendtrafficpolicy.ts";
import type { Db, DerivedIndex } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { RouteTraffic } from "../../xds/model/route.ts";
import type { TrafficFilters } from "../../xds/model/traffic-filters.ts";
import type { UpstreamSettings } from "../../xds/model/upstream-settings.ts";
import type { ListenerOwner } from "../gateway/listener-owner.ts";
import { effectivePolicy, type EffectivePolicy } from "../policies/effective.ts";
import { listenersReached } from "../policies/reach.ts";
import { targetsOf } from "../policies/targets.ts";
import type { RouteKind } from "../routes/attachment.ts";
import type { Problems } from "./problems.ts";
import { toFilters } from "./filters.ts";
import { toRequestTraffic } from "./requests.ts";
import { unserved } from "./unserved.ts";
import { toUpstream } from "./upstream.ts";

const kind = "BackendTrafficPolicy";

/** The settings of a policy in model terms. */
export interface Traffic {
  readonly policy: ObjectKey;
  /** Not empty: the policy cannot be honoured, and what it is for answers 500. */
  readonly problems: readonly string[];
  readonly withoutEffect: readonly string[];
  readonly requests: RouteTraffic;
  readonly filters?: TrafficFilters;
  readonly upstream?: UpstreamSettings;
  /** Name of the variant of a cluster for requests: a hash of `upstream`. Absent when the plain cluster will do. */
  readonly variant?: string;
  /** The same for connections and datagrams, named by the policy: an edit of it must not end a filter chain. */
  readonly connectionVariant?: string;
}

/** What holds for the rule (by name, "" when it has none) of a route at a listener; undefined when no policy reaches it. */
export const ruleTraffic = memo(
  "ruleTraffic",
  (db: Db, routeKind: RouteKind, route: ObjectKey, rule: string, owner: ListenerOwner, listener: string): Traffic | undefined => {
    const effective = effectivePolicy(db, kind, { owner, listener, route: { kind: routeKind, key: route, rule } });
    return effective === undefined ? undefined : trafficOf(db, effective);
  },
);

/** Of a policy by itself it is made once; laid over another, for each of the two together. */
export function trafficOf(db: Db, effective: EffectivePolicy<typeof kind>): Traffic | undefined {
  const { policy, over } = effective;
  if (over === undefined) return policyTraffic(db, policy);
  return toTraffic(db, effective.spec, { policy, under: over.policy });
}

const policyTraffic = memo("policyTraffic", (db: Db, policy: ObjectKey): Traffic | undefined => {
  const spec = db.get(kind, policy)?.spec;
  return spec === undefined ? undefined : toTraffic(db, spec, { policy });
});

function toTraffic(
  db: Db,
  spec: BackendTrafficSpec,
  { policy, under = "" }: { readonly policy: ObjectKey; readonly under?: ObjectKey | "" },
): Traffic {
  const problems: Problems = [];
  const upstream = toUpstream(spec, problems);
  const requests = toRequestTraffic(spec, problems);
  const filters = toFilters(db, spec, { policy, problems });
  const { problems: missing, withoutEffect } = unserved(spec);
  const all = {
    policy,
    problems: [...problems, ...missing],
    withoutEffect,
    requests,
    ...(filters === undefined ? {} : { filters }),
  };
  if (upstream === undefined) return all;
  const connectionVariant = hashOf([policy, under].join("|"));
  return { ...all, upstream, variant: hashOf(JSON.stringify(upstream)), connectionVariant };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Policies by the names of the variants that their settings make. */
const byVariant: DerivedIndex<typeof kind> = {
  derived: true,
  kind,
  name: "policiesByVariant",
  values: (db, policy) =>
    trafficsOf(db, policy).flatMap(({ variant, connectionVariant }) => [variant, connectionVariant].filter(isText)),
};

/** What a policy means by itself, and laid over each of the others below it. */
const trafficsOf = memo("trafficsOfPolicy", (db: Db, policy: ObjectKey): readonly Traffic[] => {
  const alone = policyTraffic(db, policy);
  if (db.get(kind, policy)?.spec.mergeType === undefined) return alone === undefined ? [] : [alone];
  const laid = targetsOf(db, kind, policy).flatMap((target) => {
    const { kind: route, key, section } = target;
    if (route === "Gateway") return [];
    return listenersReached(db, route, key).flatMap(
      ({ owner, listener }) => ruleTraffic(db, route, key, section, owner, listener) ?? [],
    );
  });
  return [...(alone === undefined ? [] : [alone]), ...laid.filter((each) => each.policy === policy)];
});

/** The settings that a variant is named after; undefined when no policy asks for them any more. */
export const variantSettings = memo("variantSettings", (db: Db, variant: string): UpstreamSettings | undefined => {
  const [policy] = db.lookup(byVariant, variant);
  if (policy === undefined) return undefined;
  return trafficsOf(db, policy).find((each) => each.variant === variant || each.connectionVariant === variant)?.upstream;
});

function isText(value: string | undefined): value is string {
  return value !== undefined;
}
