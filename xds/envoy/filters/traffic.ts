// What a route says to the filters of traffic policies, to switch them on.

import type { Any } from "@bufbuild/protobuf/wkt";
import type { TrafficFilters } from "../../model/traffic-filters.ts";
import { buffer, bufferFilterName } from "./buffer.ts";
import { compressionOn, compressorName } from "./compressor.ts";
import { customResponse, customResponseFilterName } from "./custom-response.ts";
import { fault, faultFilterName } from "./fault.ts";
import { localRateLimit, localRateLimitFilterName } from "./local-rate-limit.ts";

export function trafficFiltersOn(filters: TrafficFilters): Record<string, Any> {
  const { answers, compression = [] } = filters;
  return {
    ...(answers === undefined ? {} : { [customResponseFilterName]: customResponse(answers) }),
    ...(filters.fault === undefined ? {} : { [faultFilterName]: fault(filters.fault) }),
    ...(filters.bufferLimitBytes === undefined ? {} : { [bufferFilterName]: buffer(filters.bufferLimitBytes) }),
    ...(filters.localLimit === undefined ? {} : { [localRateLimitFilterName]: localRateLimit(filters.localLimit) }),
    ...Object.fromEntries(compression.map((encoding) => [compressorName(encoding), compressionOn()])),
  };
}
