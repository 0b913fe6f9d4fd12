// How a route table becomes resources: as one RouteConfiguration, or in buckets behind scopes. Who answers a request, and how, is the same.

import type { RouteLayout, RouteTable } from "../model/route.ts";
import type { LayoutChoice, Resource } from "../resource.ts";
import { buckets } from "./buckets.ts";
import { perPair, perValue } from "./memo.ts";
import { routeConfiguration, soundTable, type SoundTable } from "./route-table.ts";
import { encodedScopes } from "./scope.ts";

/** A table as it is sent. */
export interface LaidOutTable extends SoundTable {
  readonly name: string;
  readonly routeConfigurations: readonly Resource[];
  readonly scopes: readonly Resource[];
}

export function laidOut(table: RouteTable, choice: LayoutChoice): LaidOutTable {
  const sound = soundTable(table);
  return choice.layout === "plain"
    ? { ...sound, name: table.name, routeConfigurations: [whole(table)], scopes: [] }
    : {
        ...sound,
        name: table.name,
        routeConfigurations: buckets(table.name, sound.shards),
        scopes: scopesFor(choice, table.name),
      };
}

const whole = perValue((table: RouteTable) => routeConfiguration(table.name, soundTable(table).shards));

const scopesFor = perPair((_: LayoutChoice, table: string) => encodedScopes(table));

/** Hosts. Between the two a table stays as it is: every change of the layout ends the connections of its listener, gently. */
const automatic = { bucketedAbove: 1500, plainBelow: 750 } as const;

/** Does not look at what buckets count apart: local rate limits of wildcard hosts. */
export function chosenLayout(table: RouteTable, setting: RouteLayout, before: LayoutChoice | undefined): LayoutChoice {
  const choice = setting === "auto" ? bySize(table, before) : { layout: setting, reason: "set" };
  return before?.layout === choice.layout && before.reason === choice.reason ? before : choice;
}

function bySize({ shards }: RouteTable, before: LayoutChoice | undefined): LayoutChoice {
  const hosts = shards.reduce((sum, shard) => sum + shard.length, 0);
  const { bucketedAbove, plainBelow } = automatic;
  if (hosts > bucketedAbove) return { layout: "bucketed", reason: `more than ${bucketedAbove} hosts` };
  if (before?.layout === "bucketed" && hosts >= plainBelow)
    return { layout: "bucketed", reason: `had more than ${bucketedAbove} hosts, and still has ${plainBelow}` };
  return { layout: "plain", reason: `at most ${bucketedAbove} hosts` };
}
