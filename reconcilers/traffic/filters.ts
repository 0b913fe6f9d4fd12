// What of a BackendTrafficPolicy filters do, in model terms: faults, compression, buffering, local limits, other answers.

import type { BackendTrafficSpec } from "../../api/backendtrafficpolicy.ts";
import type { ResponseOverride } from "../../api/backendtrafficpolicy/responseoverride.ts";
import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { AnswerOverride, Encoding, Fault, TrafficFilters } from "../../xds/model/traffic-filters.ts";
import { milliseconds } from "../routes/durations.ts";
import { toBody } from "../routes/response-body.ts";
import { bytesAt, present, type Problems } from "./problems.ts";
import { toLocalLimit } from "./rate-limit.ts";

/** `policy`: whose namespace has the bodies that answers refer to. */
export function toFilters(db: Db, spec: BackendTrafficSpec, { policy, problems }: Told): TrafficFilters | undefined {
  const answers = spec.responseOverride?.map((each, index) =>
    toAnswer(db, each, { policy, problems, at: `responseOverride[${index}]` }),
  );
  const filters: TrafficFilters = present({
    fault: toFault(spec.faultInjection, problems),
    compression: toCompression(spec),
    bufferLimitBytes: bytesAt(problems, "requestBuffer.limit", spec.requestBuffer?.limit),
    localLimit: toLocalLimit(spec.rateLimit, problems),
    answers,
  });
  return Object.keys(filters).length === 0 ? undefined : filters;
}

interface Told {
  readonly policy: ObjectKey;
  readonly problems: Problems;
}

function toFault(spec: BackendTrafficSpec["faultInjection"], problems: Problems): Fault | undefined {
  if (spec === undefined) return undefined;
  const { delay, abort } = spec;
  const percentOf = (path: string, percent: number): number => {
    if (percent < 0 || percent > 100) problems.push(`faultInjection.${path}.percentage: ${percent} must be from 0 to 100.`);
    return percent;
  };
  return present({
    delay:
      delay === undefined
        ? undefined
        : { ms: milliseconds(delay.fixedDelay) ?? 0, percent: percentOf("delay", delay.percentage) },
    abort:
      abort === undefined
        ? undefined
        : {
            percent: percentOf("abort", abort.percentage),
            ...present({ httpStatus: abort.httpStatus, grpcStatus: abort.grpcStatus }),
          },
  });
}

const encodings = { Brotli: "brotli", Gzip: "gzip", Zstd: "zstd" } as const;

/** Envoy Gateway: the old field's entries count by their type alone, the new one's by the settings beside it, which may be empty. */
function toCompression({ compression = [], compressor = [] }: BackendTrafficSpec): readonly Encoding[] | undefined {
  const named = compressor.filter((each) => each[encodings[each.type]] !== undefined);
  const all = [...compression, ...named].map(({ type }) => encodings[type]);
  return all.length === 0 ? undefined : [...new Set(all)].toSorted();
}

function toAnswer(db: Db, { match, response, redirect }: ResponseOverride, told: Told & { readonly at: string }): AnswerOverride {
  const { at, policy, problems } = told;
  const statuses = match.statusCodes.map(({ value, range }) => [range?.start ?? value ?? 0, range?.end ?? value ?? 0] as const);
  if (statuses.some(([first, last]) => first < 100 || last > 599))
    problems.push(`${at}.match: status codes are from 100 to 599.`);
  if (redirect !== undefined) {
    const { scheme, hostname, port, path } = redirect;
    const to = present({ scheme, hostname, port, path: path?.replaceFullPath });
    return { statuses, answer: { type: "redirect", redirect: { ...to, status: redirect.statusCode === 301 ? 301 : 302 } } };
  }
  const body = toBody(db, policy, response?.body);
  if (!body.ok) problems.push(`${at}: ${body.problem.message}.`);
  const status = response?.statusCode;
  if (status !== undefined && (status < 200 || status > 599))
    problems.push(`${at}.response.statusCode: ${status} must be from 200 to 599.`);
  const rest = present({ status, contentType: response?.contentType, body: body.ok ? body.value : undefined });
  const { add = [], set = [] } = response?.header ?? {};
  return { statuses, answer: { type: "respond", ...rest, add, set } };
}
