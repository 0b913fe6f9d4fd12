// The fault filter: delays and errors made on purpose. Always in the chain and disabled (see hcm.ts); a route switches it on.

import type { Any } from "@bufbuild/protobuf/wkt";
import { extensions_filters_http_fault_v3, type extensions_filters_network_http_connection_manager_v3, type_v3 } from "#envoy";
import type { Fault } from "../../model/traffic-filters.ts";
import type { MessageInit } from "../message-init.ts";
import { milliseconds, packed } from "../wire.ts";

const { HTTPFaultSchema } = extensions_filters_http_fault_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;
type HttpFault = MessageInit<typeof HTTPFaultSchema>;

export const faultFilterName = "envoy.filters.http.fault";

export function faultFilter(): HttpFilter {
  return { name: faultFilterName, disabled: true, configType: { case: "typedConfig", value: packed(HTTPFaultSchema, {}) } };
}

export function fault({ delay, abort }: Fault): Any {
  return packed(HTTPFaultSchema, {
    ...(delay === undefined
      ? {}
      : {
          delay: {
            percentage: share(delay.percent),
            faultDelaySecifier: { case: "fixedDelay", value: milliseconds(delay.ms) },
          },
        }),
    ...(abort === undefined ? {} : { abort: { percentage: share(abort.percent), errorType: errorOf(abort) } }),
  });
}

function errorOf({ httpStatus, grpcStatus }: NonNullable<Fault["abort"]>): NonNullable<HttpFault["abort"]>["errorType"] {
  return httpStatus === undefined ? { case: "grpcStatus", value: grpcStatus ?? 14 } : { case: "httpStatus", value: httpStatus };
}

function share(percent: number): MessageInit<typeof type_v3.FractionalPercentSchema> {
  return { numerator: Math.round(percent * 10_000), denominator: type_v3.FractionalPercent_DenominatorType.MILLION };
}
