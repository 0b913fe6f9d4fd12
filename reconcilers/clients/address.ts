// Where a policy finds the address of the client. Pure.

import { isIP } from "node:net";
import type { ClientTrafficPolicySpec } from "../../api/clienttrafficpolicy.ts";
import type { AddressRange, ClientAddress } from "../../xds/model/client.ts";
import { type Report, within } from "./report.ts";

export function clientAddress(
  detection: ClientTrafficPolicySpec["clientIPDetection"],
  report: Report,
): ClientAddress | undefined {
  const { customHeader, xForwardedFor } = detection ?? {};
  if (customHeader !== undefined) return { type: "header", name: customHeader.name, required: customHeader.failClosed === true };
  if (xForwardedFor === undefined) return undefined;
  const { numTrustedHops, trustedCIDRs } = xForwardedFor;
  if (trustedCIDRs !== undefined) {
    const ranges = trustedCIDRs.flatMap((text, index) =>
      range(report, `clientIPDetection.xForwardedFor.trustedCIDRs[${index}]`, text),
    );
    return { type: "proxies", ranges };
  }
  const hops = within(report, "clientIPDetection.xForwardedFor.numTrustedHops", numTrustedHops, [0, 0xffff_ffff]);
  // Envoy's extension counts the hops before the one that speaks to it; Envoy Gateway's field counts that one, too.
  return hops === undefined ? undefined : { type: "hops", hops: Math.max(hops - 1, 0) };
}

/** The API's pattern finds a range anywhere in the text, and takes prefixes of any length. */
function range(report: Report, field: string, text: string): readonly AddressRange[] {
  const [address = "", length = ""] = text.split("/");
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  if (family !== 0 && text === `${address}/${length}` && /^\d{1,3}$/.test(length) && Number(length) <= most)
    return [{ address, bits: Number(length) }];
  report(field, `is ${JSON.stringify(text)}, which is not a range of addresses (CIDR)`);
  return [];
}
