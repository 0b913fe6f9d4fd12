// HTTPRouteFilter (gateway.envoyproxy.io) as a filter of a rule: direct responses, rewrites by regular expression or header, cookie matches.

import { toBody } from "./response-body.ts";
import type { HTTPRouteFilter } from "../../api/httproutefilter.ts";
import type { Db } from "../../store/db.ts";
import { namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { fail, succeed } from "../backends/problem.ts";
import type { Outcome } from "../backends/problem.ts";
import { regexProblem } from "../regex.ts";
import type { RequestRouteId } from "./attachment.ts";
import { editProblems, toEdits } from "./headers.ts";
import { toNamed } from "./matches.ts";
import type { FilterPart, FilterRewrite } from "./rule.ts";

interface ExtensionRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** The part of a rule that an ExtensionRef stands for. A filter that is missing or wrong breaks the rule: it must not be skipped. */
export function routeFilter(db: Db, route: RequestRouteId, ref: ExtensionRef | undefined): FilterPart {
  const key = objectKey(namespaceOf(route.key), ref?.name ?? "");
  if (ref?.group !== "gateway.envoyproxy.io" || ref.kind !== "HTTPRouteFilter" || route.kind !== "HTTPRoute") {
    const message = `Filter ${ref?.kind ?? ""} ${ref?.name ?? ""} of group ${ref?.group ?? ""} is not supported`;
    return { trouble: { refs: [{ reason: "InvalidKind", message: `${message}.` }], broken: true } };
  }
  if (db.get("HTTPRouteFilter", key) === undefined) {
    return { trouble: { refs: [{ reason: "BackendNotFound", message: `HTTPRouteFilter ${key} not found.` }], broken: true } };
  }
  const part = filterPart(db, key);
  return part.ok ? part.value : { trouble: { accepted: [part.problem] } };
}

/** The filter in model terms, or why it cannot be used (Accepted=False on the routes that use it). */
const filterPart = memo("filterPart", (db: Db, key: ObjectKey): Outcome<FilterPart> => {
  const spec = db.get("HTTPRouteFilter", key)?.spec;
  const invalid = (why: string): Outcome<FilterPart> => fail("UnsupportedValue", `Invalid filter HTTPRouteFilter ${key}: ${why}`);
  if (spec === undefined) return invalid("not found");
  if (spec.credentialInjection !== undefined) return invalid("credentialInjection is not supported yet");
  const cookies = (spec.matches ?? []).map((match) => (match.cookies ?? []).map(toNamed));
  const regexes = cookies.flat().filter(({ type }) => type === "regex");
  const wrong = regexes.map(({ value }) => regexProblem(value)).find((problem) => problem !== undefined);
  if (wrong !== undefined) return invalid(wrong);
  const matched = cookies.length === 0 ? {} : { cookies };
  const rewrite = spec.urlRewrite === undefined ? undefined : toRewrite(spec.urlRewrite);
  if (typeof rewrite === "string") return invalid(rewrite);
  const respond = spec.directResponse === undefined ? undefined : toResponse(db, key, spec.directResponse);
  if (typeof respond === "string") return invalid(respond);
  return succeed({ ...matched, ...(rewrite === undefined ? {} : { rewrite }), ...respond });
});

type Spec = HTTPRouteFilter["spec"];

function toRewrite(spec: NonNullable<Spec["urlRewrite"]>): FilterRewrite | string {
  const regex = spec.path?.replaceRegexMatch;
  if (spec.path !== undefined && regex === undefined) return "urlRewrite.path needs replaceRegexMatch";
  const wrong = regex === undefined ? undefined : regexProblem(regex.pattern);
  if (wrong !== undefined) return wrong;
  const path =
    regex === undefined
      ? {}
      : { path: { type: "replaceRegex", pattern: regex.pattern, substitution: regex.substitution } as const };
  const { hostname } = spec;
  if (hostname === undefined) return path;
  if (hostname.type === "Backend") return { ...path, host: { type: "backend" } };
  if (hostname.header === undefined || hostname.header === "") return "urlRewrite.hostname of type Header needs header";
  return { ...path, host: { type: "header", name: hostname.header } };
}

function toResponse(db: Db, key: ObjectKey, spec: NonNullable<Spec["directResponse"]>): FilterPart | string {
  const status = spec.statusCode ?? 200;
  if (!Number.isInteger(status) || status < 200 || status > 599) return `directResponse has the status ${status}`;
  const responseHeaders = toEdits(spec.header);
  const [problem] = editProblems(responseHeaders, "directResponse");
  if (problem !== undefined) return problem.message;
  const body = toBody(db, key, spec.body);
  if (!body.ok) return body.problem.message;
  return {
    responseHeaders,
    respond: {
      status,
      ...(body.value === undefined ? {} : { body: body.value }),
      ...(spec.contentType === undefined ? {} : { contentType: spec.contentType }),
    },
  };
}
