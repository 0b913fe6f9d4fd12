// A rule as a BackendTrafficPolicy has it at one listener: its clusters in the policy's variants, what the rule leaves open filled in. A policy that cannot be
// honoured makes the rule answer with an error: what it protects must not be reached without it. Which policy holds is policies/'s business.

import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { ForwardAction, RouteAction, RouteTraffic } from "../../xds/model/route.ts";
import { variantCluster } from "../backends/names.ts";
import { ruleTraffic, type Traffic } from "../traffic/settings.ts";
import type { RequestKind, ServingListener } from "./attachment.ts";
import { brokenAction, clustersOf } from "./http.ts";
import type { HttpRule, RuleLimits } from "./rule.ts";

interface RuleOf {
  readonly kind: RequestKind;
  readonly key: ObjectKey;
  readonly rule: HttpRule;
}

/** The rule at a listener; the same object where no policy holds. */
export function underTraffic(db: Db, { kind, key, rule }: RuleOf, { owner, listener }: ServingListener): HttpRule {
  const traffic = ruleTraffic(db, kind, key, rule.name ?? "", owner, listener);
  if (traffic === undefined) return rule;
  if (traffic.problems.length > 0) {
    const branches = rule.branches.map((branch) => ({ ...branch, action: brokenAction(kind) }));
    const { cors: _, sessionPersistence: __, ...rest } = rule;
    return { ...rest, branches, clusters: [] };
  }
  const host = checkedHost(db, kind, key, traffic);
  const branches = rule.branches.map((branch) => ({ ...branch, action: actionUnder(branch.action, { rule, traffic, host }) }));
  const { filters, requests } = traffic;
  const statPrefix = requests.statName === undefined ? undefined : shownStat(requests.statName, { kind, key, rule });
  return {
    ...rule,
    branches,
    ...(filters === undefined ? {} : { filters }),
    ...(statPrefix === undefined ? {} : { statPrefix }),
    clusters: clustersOf(branches),
  };
}

function shownStat(name: string, { kind, key, rule }: RuleOf): string {
  const values: Readonly<Record<string, string>> = {
    "%ROUTE_NAME%": nameOf(key),
    "%ROUTE_NAMESPACE%": namespaceOf(key),
    "%ROUTE_KIND%": kind,
    "%ROUTE_RULE_NAME%": rule.name ?? String(rule.index),
  };
  return name.replace(/%[A-Z_]+%/g, (operator) => values[operator] ?? operator);
}

interface Under {
  readonly rule: HttpRule;
  readonly traffic: Traffic;
  readonly host: string | undefined;
}

function actionUnder(action: RouteAction, { rule, traffic, host }: Under): RouteAction {
  if (action.type !== "forward") return action;
  const { variant, requests } = traffic;
  const { timeoutMs: _, retry: __, ...rest } = action;
  const named = (cluster: string): string => (variant === undefined ? cluster : variantCluster(cluster, variant, host));
  return {
    ...rest,
    backends: action.backends.map((backend) =>
      backend.cluster === undefined ? backend : { ...backend, cluster: named(backend.cluster) },
    ),
    ...timesUnder(action, rule.own, requests),
    ...(requests.maxStreamDurationMs === undefined ? {} : { maxStreamDurationMs: requests.maxStreamDurationMs }),
    // Calls are never upgraded.
    ...(requests.upgrades === undefined || action.invalidStatus !== undefined ? {} : { upgrades: requests.upgrades }),
    ...(requests.hash === undefined ? {} : { hash: requests.hash }),
  };
}

/** Gateway API's own fields of a rule stand before the policy's. */
function timesUnder(action: ForwardAction, own: RuleLimits, policy: RouteTraffic): Pick<ForwardAction, "timeoutMs" | "retry"> {
  const { requestTimeoutMs, retry } = policy;
  const retries = !own.retries && retry !== undefined && retry.attempts > 0;
  // A rule's limit for one try is the limit of all where there is one try.
  const ruled = own.request !== undefined || (own.oneTry !== undefined && !retries);
  const timeoutMs = ruled
    ? own.request !== undefined && retries
      ? own.request
      : action.timeoutMs
    : (requestTimeoutMs ?? unlimitedOf(action));
  const perTryTimeoutMs = own.oneTry === undefined || own.oneTry === 0 ? retry?.perTryTimeoutMs : own.oneTry;
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  if (!retries) return { ...limits, ...(action.retry === undefined ? {} : { retry: action.retry }) };
  return { ...limits, retry: { ...retry, ...(perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs }) } };
}

/** Calls have no limit but their own; other requests keep the proxy's. */
function unlimitedOf({ timeoutMs }: ForwardAction): number | undefined {
  return timeoutMs === 0 ? 0 : undefined;
}

/** The host that backends are asked about, when the policy does not name it: the route's first that is precise. */
function checkedHost(db: Db, kind: RequestKind, key: ObjectKey, { upstream }: Traffic): string | undefined {
  const probe = upstream?.activeCheck?.probe;
  if (probe?.type !== "http" || probe.host !== undefined) return undefined;
  return (db.get(kind, key)?.spec.hostnames ?? []).find((name) => !name.startsWith("*"));
}
