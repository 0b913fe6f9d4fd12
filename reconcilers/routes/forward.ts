// Where a rule sends requests: its backendRefs with weights and filters, as one action. An invalid backend answers 500 for its share.

import type { HTTPRoute } from "../../api/gateway/httproute.ts";
import type { Db } from "../../store/db.ts";
import { namespaceOf } from "../../store/key.ts";
import type { WeightedBackend } from "../../xds/model/route.ts";
import { groupProblem } from "../backends/clusters.ts";
import { groupCluster } from "../backends/names.ts";
import type { Problem } from "../backends/problem.ts";
import { resolveBackend } from "../backends/reference.ts";
import type { ResolvedBackend } from "../backends/reference.ts";
import type { RequestRouteId } from "./attachment.ts";
import { editProblems, joinEdits, noEdits, toEdits } from "./headers.ts";

type Rule = NonNullable<HTTPRoute["spec"]["rules"]>[number];
type BackendRef = NonNullable<Rule["backendRefs"]>[number];

/** The backends of a rule. Empty = nothing to send to, so that the rule answers 500. */
export interface Forwarding {
  readonly backends: readonly WeightedBackend[];
  /** For ResolvedRefs. */
  readonly refs: readonly Problem[];
  /** For Accepted: then the rule answers 500. */
  readonly accepted: readonly Problem[];
}

type Share = { readonly share: WeightedBackend; readonly resolved?: ResolvedBackend; readonly problems: readonly Problem[] };

/** Resolves the backendRefs of one rule. With `sticky`, all valid ones must be one cluster, since a session lives in one. */
export function forwarding(db: Db, route: RequestRouteId, rule: Rule): Forwarding {
  const shares = (rule.backendRefs ?? []).map((ref) => toShare(db, route, ref));
  const refs = shares.flatMap(({ problems }) => problems);
  // Gateway API, BackendRef.weight: 0 means no traffic; its reference is checked all the same.
  const used = shares.filter(({ share }) => share.weight > 0);
  if (used.every(({ resolved }) => resolved === undefined)) return { backends: [], refs, accepted: [] };
  const fallbacks = used.filter(({ resolved }) => resolved?.fallback === true).length;
  const valid = used.filter(({ resolved }) => resolved !== undefined);
  const together = rule.sessionPersistence !== undefined || (fallbacks > 0 && fallbacks < valid.length);
  if (!together || valid.length < 2) return { backends: used.map(({ share }) => share), refs, accepted: [] };
  return { refs, ...grouped(db, used, valid) };
}

/** The valid backends as one cluster with a locality for each, the invalid ones as the share that answers 500. */
function grouped(
  db: Db,
  used: readonly Share[],
  valid: readonly Share[],
): { readonly backends: readonly WeightedBackend[]; readonly accepted: readonly Problem[] } {
  const members = valid.map(({ share }) => ({ cluster: share.cluster ?? "", weight: share.weight }));
  const edited = valid.some(({ share }) => share.hostname !== undefined || hasEdits(share));
  const problem = edited
    ? "Backends that share sessions or a fallback cannot have filters of their own"
    : groupProblem(db, members);
  if (problem !== undefined) return { backends: [], accepted: [{ reason: "UnsupportedValue", message: problem }] };
  const weight = members.reduce((sum, member) => sum + member.weight, 0);
  const group = { cluster: groupCluster(members), weight, requestHeaders: noEdits, responseHeaders: noEdits };
  return { backends: [group, ...used.filter(({ resolved }) => resolved === undefined).map(({ share }) => share)], accepted: [] };
}

function hasEdits({ requestHeaders, responseHeaders }: WeightedBackend): boolean {
  return [requestHeaders, responseHeaders].some(({ set, add, addIfAbsent, remove }) =>
    [set, add, addIfAbsent, remove].some((edits) => edits.length > 0),
  );
}

function toShare(db: Db, route: RequestRouteId, ref: BackendRef): Share {
  const found = resolveBackend(db, { kind: route.kind, namespace: namespaceOf(route.key) }, ref);
  const filters = backendFilters(ref);
  const problems = [...(found.ok ? [] : [found.problem]), ...filters.problems];
  const valid = found.ok && filters.problems.length === 0;
  const share: WeightedBackend = {
    cluster: valid ? found.value.cluster : undefined,
    weight: ref.weight ?? 1,
    requestHeaders: filters.requestHeaders,
    responseHeaders: filters.responseHeaders,
    ...(filters.hostname === undefined ? {} : { hostname: filters.hostname }),
  };
  return { share, problems, ...(valid ? { resolved: found.value } : {}) };
}

function backendFilters(
  ref: BackendRef,
): Pick<WeightedBackend, "requestHeaders" | "responseHeaders" | "hostname"> & { readonly problems: readonly Problem[] } {
  let requestHeaders = noEdits;
  let responseHeaders = noEdits;
  let hostname: string | undefined;
  const problems: Problem[] = [];
  for (const filter of ref.filters ?? []) {
    if (filter.type === "RequestHeaderModifier")
      requestHeaders = joinEdits(requestHeaders, toEdits(filter.requestHeaderModifier));
    else if (filter.type === "ResponseHeaderModifier") {
      responseHeaders = joinEdits(responseHeaders, toEdits(filter.responseHeaderModifier));
    } else if (filter.type === "URLRewrite" && filter.urlRewrite?.path === undefined) hostname = filter.urlRewrite?.hostname;
    else {
      // The reasons are Envoy Gateway's: one for what no backendRef can have, one for what cannot be done as it stands.
      const reason = ["ExtensionRef", "URLRewrite"].includes(filter.type) ? "InvalidBackendFilters" : "UnsupportedRefValue";
      problems.push({ reason, message: `Filter ${filter.type} is not supported on backend ${ref.name}.` });
    }
  }
  for (const edits of [requestHeaders, responseHeaders]) {
    for (const { message } of editProblems(edits, `A filter of backend ${ref.name}`)) {
      problems.push({ reason: "InvalidBackendFilters", message: `${message}.` });
    }
  }
  return { requestHeaders, responseHeaders, ...(hostname === undefined ? {} : { hostname }), problems };
}
