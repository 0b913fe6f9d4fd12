// A client of one stream that says what it is told to and shows what it receives, one line a response ("CDS c1=1 -c2"), with a proxy to
// publish to and time that passes when told to. Not part of the product.

import { fromBinary } from "@bufbuild/protobuf";
import { service_discovery_v3 } from "#envoy";
import type { Timing } from "../clock.ts";
import { createQuarantine } from "../quarantine.ts";
import type { Resource, Snapshot, TypeUrl } from "../resource.ts";
import { AdsStream } from "../stream.ts";
import { typeUrls } from "../type-urls.ts";
import { createFakeClock, resource, snapshotOf } from "./snapshots.ts";

const { cluster, loadAssignment, listener, routeConfiguration, scopedRouteConfiguration, secret } = typeUrls;
const short = new Map<string, string>([
  [cluster, "CDS"],
  [loadAssignment, "EDS"],
  [listener, "LDS"],
  [scopedRouteConfiguration, "SRDS"],
  [routeConfiguration, "RDS"],
  [secret, "SDS"],
]);

type Contents = Partial<Record<"clusters" | "assignments" | "listeners" | "scopes" | "routes" | "secrets", readonly Resource[]>>;

export const timing = { graceMs: 10_000, drainMs: 10_000, warmingMs: 2000, repairMs: 100 };

/** Clients, each with its own stream, of one proxy. */
export function createProxy(other: Partial<Timing> = {}) {
  const clock = createFakeClock();
  const quarantine = createQuarantine();
  const streams: AdsStream[] = [];
  const events: string[] = [];
  let snapshot: Snapshot | undefined;
  return {
    clock,
    events,
    publish({ clusters = [], assignments = [], listeners = [], scopes = [], routes = [], secrets = [] }: Contents): void {
      const sets: [TypeUrl, readonly Resource[]][] = [
        [cluster, clusters],
        [loadAssignment, assignments],
        [listener, listeners],
        [scopedRouteConfiguration, scopes],
      ];
      const next = snapshotOf(new Map([...sets, [routeConfiguration, routes], [secret, secrets]]), snapshot);
      quarantine.follow(snapshot, next);
      snapshot = next;
      for (const stream of streams) stream.publish(snapshot);
    },
    forgive(typeUrl: TypeUrl, name: string): void {
      quarantine.forgive(typeUrl, name);
      for (const stream of streams) stream.again(typeUrl, name);
    },
    connect() {
      const received: { readonly line: string; readonly nonce: string; readonly typeUrl: string }[] = [];
      const stream: AdsStream = new AdsStream({
        clock,
        timing: { ...timing, ...other },
        quarantine,
        write(pieces) {
          const { typeUrl, nonce, resources, removedResources } = fromBinary(
            service_discovery_v3.DeltaDiscoveryResponseSchema,
            Buffer.concat(pieces),
          );
          const names = [
            ...resources.map(({ name, resource: any }) => `${name}=${Buffer.from(any!.value).toString()}`).toSorted(),
            ...removedResources.map((name) => `-${name}`),
          ];
          received.push({ typeUrl, nonce, line: [short.get(typeUrl), ...names].join(" ") });
        },
        onSettled: (typeUrl, version) => events.push(`${short.get(typeUrl)} settled ${version}`),
        onRefused: (typeUrl, refused) =>
          events.push(`${short.get(typeUrl)} refused ${refused.names.join(",")}: ${refused.message}`),
        onQuarantineChanged: () => streams.forEach((each) => each.pump()),
      });
      streams.push(stream);
      stream.publish(snapshot);
      const send = (typeUrl: string, more: object): void =>
        stream.receive({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce: "", ...more });
      /** What came since last asked. */
      const take = () => received.splice(0);
      return {
        send,
        take,
        lines: (): string[] => take().map(({ line }) => line),
        /** Acknowledges everything, and what that brings, until nothing more comes; refuses what names a word of `bad`. */
        settle(bad: readonly string[] = []): string[] {
          const lines: string[] = [];
          for (let each = received.shift(); each; each = received.shift()) {
            const { line, nonce, typeUrl } = each;
            const culprit = bad.find((word) => line.split(" ").includes(word));
            lines.push(culprit ? `${line} (refused)` : line);
            send(typeUrl, { nonce, ...(culprit && { error: { code: 3, message: `${culprit} is bad` } }) });
          }
          return lines;
        },
      };
    },
  };
}

export const [c1, c2] = [resource("c1", "1"), resource("c2", "1")];
export const [e1, e2] = [resource("c1", "e1"), resource("c2", "e2")];
export const web = resource("web", "1");
export const routes = (body: string, needs?: readonly string[]): Resource =>
  resource("web", body, needs && { needs: new Set(needs) });
export const small = { clusters: [c1], assignments: [e1], listeners: [web], routes: [routes("r1", ["c1"])] };
export const both = { clusters: [c1, c2], assignments: [e1, e2], listeners: [web], routes: [routes("r2", ["c1", "c2"])] };

/** A client that has asked for everything of a small snapshot, and has it. */
export function running() {
  const proxy = createProxy();
  proxy.publish(small);
  const client = proxy.connect();
  client.send(cluster, { subscribe: ["*"] });
  client.send(loadAssignment, { subscribe: ["c1"] });
  client.send(listener, { subscribe: ["*"] });
  client.send(routeConfiguration, { subscribe: ["web"] });
  expect(client.settle()).toEqual(["CDS c1=1", "EDS c1=e1", "LDS web=1", "RDS web=r1"]);
  proxy.events.splice(0);
  return { ...proxy, client };
}
