// Where the connection manager finds the address of the client.

import {
  extensions_filters_network_http_connection_manager_v3,
  extensions_http_original_ip_detection_custom_header_v3,
  extensions_http_original_ip_detection_xff_v3,
  type_v3,
} from "#envoy";
import type { ClientAddress } from "../../model/client.ts";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

type Hcm = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpConnectionManagerSchema>;
type Detection = NonNullable<Hcm["originalIpDetectionExtensions"]>[number];

export function clientAddress(address: ClientAddress | undefined): Hcm {
  // Envoy refuses extensions beside useRemoteAddress.
  return address === undefined
    ? { useRemoteAddress: true }
    : { useRemoteAddress: false, originalIpDetectionExtensions: [detection(address)] };
}

function detection(address: ClientAddress): Detection {
  const { XffConfigSchema } = extensions_http_original_ip_detection_xff_v3;
  const xff = "envoy.extensions.http.original_ip_detection.xff";
  switch (address.type) {
    case "hops":
      return { name: xff, typedConfig: packed(XffConfigSchema, { xffNumTrustedHops: address.hops, skipXffAppend: false }) };
    case "proxies": {
      const cidrs = address.ranges.map((range) => ({ addressPrefix: range.address, prefixLen: range.bits }));
      return { name: xff, typedConfig: packed(XffConfigSchema, { xffTrustedCidrs: { cidrs }, skipXffAppend: false }) };
    }
    case "header":
      return {
        name: "envoy.extensions.http.original_ip_detection.custom_header",
        typedConfig: packed(extensions_http_original_ip_detection_custom_header_v3.CustomHeaderConfigSchema, {
          headerName: address.name,
          allowExtensionToSetAddressAsTrusted: true,
          ...(address.required ? { rejectWithStatus: { code: type_v3.StatusCode.Forbidden } } : {}),
        }),
      };
  }
}
