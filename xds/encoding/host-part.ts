// A virtual host as bytes: its own fields and the blocks of its routes. One that fails its checks is left out alone.

import { config_route_v3 } from "#envoy";
import { virtualHostHead } from "../envoy/virtual-host.ts";
import type { Origin } from "../model/origin.ts";
import type { VirtualHost } from "../model/route.ts";
import { checked, digest } from "./checked.ts";
import { perValue } from "./memo.ts";
import { blockDigests, blocksOf, blockSize, joinedFacts, noFacts, type Facts } from "./route-part.ts";
import { concatenated, frameHead, framed, lengthOf } from "./splice.ts";

const { RouteConfigurationSchema, VirtualHostSchema } = config_route_v3;
const virtualHostsField = RouteConfigurationSchema.field.virtualHosts.number;

export interface HostPart extends Facts {
  readonly host: VirtualHost;
  /** As field `virtual_hosts` of a route configuration, in pieces; none when it is left out. */
  readonly chunks: readonly Uint8Array[];
  /** Hash of its contents. */
  readonly digest: Uint8Array;
}

export const encodedHost = perValue((host: VirtualHost): HostPart => {
  const head = checked(VirtualHostSchema, () => virtualHostHead(host));
  if (!head.ok) {
    const message = `virtual host ${host.name} is left out: ${head.message}`;
    return { ...noFacts, host, chunks: [], digest: new Uint8Array(), troubles: [{ origins: originsOfHost(host), message }] };
  }
  const blocks = blocksOf(host.routes);
  const routes = blocks.map(({ bytes }) => bytes);
  const facts = joinedFacts(blocks);
  if (host.routes.length <= blockSize.most) {
    const bytes = framed(virtualHostsField, concatenated([head.bytes, ...routes]));
    return { ...facts, host, chunks: [bytes], digest: digest(bytes) };
  }
  const start = concatenated([frameHead(virtualHostsField, head.bytes.length + lengthOf(routes)), head.bytes]);
  return { ...facts, host, chunks: [start, ...routes], digest: digest(start, ...blocks.map(blockDigests)) };
});

/** Whose routes it has, each once. */
export function originsOfHost(host: VirtualHost): readonly Origin[] {
  const origins = new Map(host.routes.map(({ origin }) => [JSON.stringify(origin), origin]));
  return [...origins.values()];
}
