// A route table as bytes: routes into virtual hosts, virtual hosts into shards, shards into a RouteConfiguration, each joined from what is
// below it. A route that fails its checks answers 500 alone; a virtual host that fails is left out alone.

import { toBinary } from "@bufbuild/protobuf";
import { config_route_v3 } from "#envoy";
import { brokenRoute, route as routeMessage } from "../envoy/route.ts";
import { routeConfigurationHead, routeConfigurationTail, virtualHostHead } from "../envoy/virtual-host.ts";
import type { Origin } from "../model/origin.ts";
import { shardOf } from "../model/shards.ts";
import type { Route, RouteTable, VirtualHost } from "../model/route.ts";
import { madeFrom } from "../origins.ts";
import type { Resource } from "../resource.ts";
import { typeUrls } from "../type-urls.ts";
import { checked, contentHash } from "./checked.ts";
import { perValue } from "./memo.ts";
import type { Refusal } from "./refusal.ts";
import { concatenated, framed } from "./splice.ts";

const { RouteConfigurationSchema, RouteSchema, VirtualHostSchema } = config_route_v3;
const virtualHostsField = RouteConfigurationSchema.field.virtualHosts.number;
const routesField = VirtualHostSchema.field.routes.number;

/** A cluster that a route sends to, and the route's object: to say on whom a missing one falls. */
export interface ClusterReference {
  readonly cluster: string;
  readonly route: string;
  readonly origin: Origin;
}

type Trouble = Pick<Refusal, "origins" | "message">;

interface Part {
  readonly bytes: Uint8Array;
  readonly troubles: readonly Trouble[];
  readonly references: readonly ClusterReference[];
  /** Bytes of the largest direct response. */
  readonly largestBody: number;
}

interface HostPart extends Part {
  readonly host: VirtualHost;
}

export interface HostShard extends Part {
  readonly hash: string;
  readonly hosts: readonly HostPart[];
}

export interface EncodedTable {
  readonly resource: Resource;
  readonly refusals: readonly Refusal[];
  readonly shards: readonly HostShard[];
}

const nothing: Uint8Array = new Uint8Array();

/** One encoding per table value; of a new value only the shards that are new, of those only the hosts that are new, and so on. */
export const encodedTable = perValue((table: RouteTable): EncodedTable => {
  const shards = table.shards.map(hostShard);
  const { kept, troubles } = withoutDuplicates(shards);
  const largestBody = Math.max(0, ...kept.map((shard) => shard.largestBody));
  const head = toBinary(RouteConfigurationSchema, routeConfigurationHead(table.name));
  const tail = toBinary(RouteConfigurationSchema, routeConfigurationTail(largestBody));
  const bytes = concatenated([head, ...kept.map((shard) => shard.bytes), tail]);
  const version = contentHash(head, tail, ...kept.map((shard) => shard.hash));
  const all = [...kept.flatMap((shard) => shard.troubles), ...troubles];
  return {
    resource: madeFrom({ name: table.name, version, bytes }, () =>
      kept.flatMap(({ hosts }) => hosts.flatMap(({ host }) => originsOf(host))),
    ),
    refusals: all.map((trouble) => ({ typeUrl: typeUrls.routeConfiguration, resource: table.name, ...trouble })),
    shards: kept,
  };
});

const hostShard = perValue((hosts: readonly VirtualHost[]): HostShard => shardFrom(hosts.map(encodedHost)));

function shardFrom(hosts: readonly HostPart[]): HostShard {
  const part = joined(hosts);
  return { ...part, hash: contentHash(part.bytes), hosts };
}

const encodedHost = perValue((host: VirtualHost): HostPart => {
  const routes = joined(host.routes.map(encodedRoute));
  const head = checked(VirtualHostSchema, () => virtualHostHead(host));
  if (!head.ok) return { host, ...leftOut(host, `virtual host ${host.name} is left out: ${head.message}`) };
  return { host, ...routes, bytes: framed(virtualHostsField, concatenated([head.bytes, routes.bytes])) };
});

function leftOut(host: VirtualHost, message: string): Part {
  return { bytes: nothing, troubles: [{ origins: originsOf(host), message }], references: [], largestBody: 0 };
}

function originsOf(host: VirtualHost): readonly Origin[] {
  const origins = new Map(host.routes.map(({ origin }) => [JSON.stringify(origin), origin]));
  return [...origins.values()];
}

const encodedRoute = perValue((route: Route): Part => {
  const whole = checked(RouteSchema, () => routeMessage(route));
  if (whole.ok) {
    const { action } = route;
    const largestBody = action.type === "respond" ? Buffer.byteLength(action.body ?? "") : 0;
    return { bytes: framed(routesField, whole.bytes), troubles: [], references: referencesOf(route), largestBody };
  }
  const stand = checked(RouteSchema, () => brokenRoute(route));
  const outcome = stand.ok ? "answers 500" : "is left out";
  return {
    bytes: stand.ok ? framed(routesField, stand.bytes) : nothing,
    troubles: [{ origins: [route.origin], message: `route ${route.name} ${outcome}: ${whole.message}` }],
    references: [],
    largestBody: 0,
  };
});

function referencesOf({ name: route, origin, action }: Route): readonly ClusterReference[] {
  if (action.type !== "forward") return [];
  const clusters = [...action.backends, ...action.mirrors].flatMap(({ cluster }) => (cluster === undefined ? [] : [cluster]));
  return [...new Set(clusters)].map((cluster) => ({ cluster, route, origin }));
}

function joined(parts: readonly Part[]): Part {
  return {
    bytes: concatenated(parts.map((part) => part.bytes)),
    troubles: parts.flatMap((part) => part.troubles),
    references: parts.flatMap((part) => part.references),
    largestBody: parts.reduce((largest, part) => Math.max(largest, part.largestBody), 0),
  };
}

/**
 * Envoy refuses a whole table for one domain or virtual host name that stands twice; the later host is left out instead.
 * Names of one shard hash to it, so hosts can only clash inside their shard, unless one has a domain that hashes elsewhere.
 */
function withoutDuplicates(shards: readonly HostShard[]): {
  readonly kept: readonly HostShard[];
  readonly troubles: readonly Trouble[];
} {
  if (!shards.some((shard, position) => clashes(shard).value || strays(shard, position))) return { kept: shards, troubles: [] };
  const seen = new Map<string, string>();
  const troubles: Trouble[] = [];
  const kept = shards.map((shard) => {
    const hosts = shard.hosts.filter(({ host, bytes }) => {
      if (bytes.length === 0) return true; // left out already; its trouble stays
      const keys = keysOf(host);
      const clash = keys.find((key) => seen.has(key));
      if (clash === undefined) for (const key of keys) seen.set(key, host.name);
      else
        troubles.push({
          origins: originsOf(host),
          message: `virtual host ${host.name} is left out: ${clash} is taken by ${seen.get(clash)}`,
        });
      return clash === undefined;
    });
    return hosts.length === shard.hosts.length ? shard : shardFrom(hosts);
  });
  return { kept, troubles };
}

function keysOf(host: VirtualHost): readonly string[] {
  return [`name ${host.name}`, ...new Set(host.domains.map((domain) => `domain ${domain.toLowerCase()}`))];
}

const clashes = perValue((shard: HostShard) => {
  const keys = shard.hosts.flatMap(({ host }) => keysOf(host));
  return { value: new Set(keys).size !== keys.length };
});

const homes = perValue((shard: HostShard) => [...new Set(shard.hosts.flatMap(({ host }) => host.domains.map(shardOf)))]);

function strays(shard: HostShard, position: number): boolean {
  return homes(shard).some((home) => home !== position);
}
