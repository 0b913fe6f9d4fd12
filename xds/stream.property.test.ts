// Whatever is published, refused, asked again or cut off, and in whatever order the client answers: it ends up with what was published, less what
// it refuses, and on the way it never has a route to a cluster that it does not have.

import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { service_discovery_v3 } from "#envoy";
import { createQuarantine } from "./quarantine.ts";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";
import { AdsStream } from "./stream.ts";
import { createFakeClock, resource, snapshotOf } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { cluster, loadAssignment, listener, routeConfiguration } = typeUrls;
const wildcardTypes: readonly string[] = [cluster, listener];
const types: readonly TypeUrl[] = [cluster, loadAssignment, listener, routeConfiguration];

/** Which clusters exist (name → body), whether the routes say what they need, what the listener is. Bodies of 9 are refused. */
const contents = fc.record({
  clusters: fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.constantFrom(1, 2, 9), { minKeys: 1 }),
  says: fc.boolean(),
  listener: fc.constantFrom(1, 2, 9),
  endpoints: fc.constantFrom(1, 2),
});
const steps = fc.array(
  fc.oneof(
    contents.map((publish) => ({ type: "publish" as const, publish })),
    fc.nat(3).map((lane) => ({ type: "answer" as const, lane })),
    fc.constantFrom(100, 2000, 10_000).map((ms) => ({ type: "pass" as const, ms })),
    fc.constant({ type: "reconnect" as const }),
  ),
  { maxLength: 40 },
);

function build(
  { clusters, says, listener: listens, endpoints }: typeof contents extends fc.Arbitrary<infer Value> ? Value : never,
  previous?: Snapshot,
) {
  const names = Object.keys(clusters).toSorted();
  return snapshotOf(
    new Map<TypeUrl, readonly Resource[]>([
      [cluster, names.map((name) => resource(name, `${name}:${clusters[name]}`))],
      [loadAssignment, names.map((name) => resource(name, `endpoints ${endpoints}`))],
      [listener, [resource("web", `web:${listens}`)]],
      [routeConfiguration, [resource("web", names.join(" "), says ? { needs: new Set(names) } : {})]],
    ]),
    previous,
  );
}

/** An Envoy of a few lines: applies each response as it comes (a refused one not at all), and answers when told to. */
function createEnvoy(send: (typeUrl: string, more: object) => void) {
  const has = new Map<string, Map<string, { version: string; body: string }>>(types.map((typeUrl) => [typeUrl, new Map()]));
  const unanswered = new Map<string, { nonce: string; bad: boolean; names: readonly string[] }[]>(
    types.map((typeUrl) => [typeUrl, []]),
  );
  const faults: string[] = [];
  /** Routes to clusters that were refused are no fault: they were never there. */
  const refusedNames = new Set<string>();
  return {
    has,
    faults,
    unanswered,
    receive(bytes: Uint8Array): void {
      const { typeUrl, nonce, resources, removedResources } = fromBinary(
        service_discovery_v3.DeltaDiscoveryResponseSchema,
        bytes,
      );
      const bodies = resources.map(({ name, version, resource: any }) => ({
        name,
        version,
        body: Buffer.from(any!.value).toString(),
      }));
      const bad = bodies.some(({ body }) => body.endsWith(":9"));
      const mine = has.get(typeUrl)!;
      unanswered.get(typeUrl)!.push({ nonce, bad, names: bodies.map(({ name }) => name) });
      if (new Set(bodies.map(({ name }) => name)).size < bodies.length) faults.push("a name twice in a response");
      if (typeUrl === cluster && bodies.length > 0 && removedResources.length > 0)
        faults.push("clusters removed beside additions");
      if (![cluster, loadAssignment].some((many) => many === typeUrl) && unanswered.get(typeUrl)!.length > 1)
        faults.push(`two responses of ${typeUrl}`);
      if (bad) {
        if (typeUrl === cluster) for (const { name } of bodies) refusedNames.add(name);
        return;
      }
      for (const { name, version, body } of bodies) mine.set(name, { version, body });
      if (typeUrl === cluster) for (const { name } of bodies) refusedNames.delete(name);
      for (const name of removedResources) mine.delete(name);
      for (const wanted of has.get(routeConfiguration)!.get("web")?.body.split(" ") ?? []) {
        if (!has.get(cluster)!.has(wanted) && !refusedNames.has(wanted)) faults.push(`a route to ${wanted}, which is not there`);
      }
    },
    answer(typeUrl: string): boolean {
      const next = unanswered.get(typeUrl)!.shift();
      if (next === undefined) return false;
      const subscribe = typeUrl === cluster ? next.names : [];
      send(typeUrl, { nonce: next.nonce, ...(next.bad && { error: { code: 3, message: "9" } }) });
      if (!next.bad && subscribe.length > 0) send(loadAssignment, { subscribe });
      return true;
    },
  };
}

function run(script: typeof steps extends fc.Arbitrary<infer Value> ? Value : never) {
  const clock = createFakeClock();
  const quarantine = createQuarantine();
  let snapshot: Snapshot | undefined;
  let stream: AdsStream | undefined;
  const send = (typeUrl: string, more: object): void =>
    stream!.receive({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce: "", ...more });
  const envoy = createEnvoy(send);
  const connect = (): void => {
    stream?.close();
    for (const list of envoy.unanswered.values()) list.length = 0;
    stream = new AdsStream({
      clock,
      quarantine,
      timing: { graceMs: 10_000, drainMs: 10_000, warmingMs: 2000, repairMs: 100 },
      write: (pieces) => envoy.receive(Buffer.concat(pieces)),
      onSettled: () => {},
      onRefused: () => {},
      onQuarantineChanged: () => stream!.pump(),
    });
    stream.publish(snapshot);
    for (const typeUrl of types) {
      const initialVersions = new Map([...envoy.has.get(typeUrl)!].map(([name, { version }]) => [name, version]));
      const names = typeUrl === loadAssignment ? [...envoy.has.get(cluster)!.keys()] : ["web"];
      const subscribe = wildcardTypes.includes(typeUrl) ? ["*"] : names;
      if (subscribe.length > 0) send(typeUrl, { initialVersions, subscribe });
    }
  };
  const publish = (next: Snapshot): void => {
    quarantine.follow(snapshot, next);
    snapshot = next;
    stream!.publish(next);
  };
  connect();
  for (const step of script) {
    if (step.type === "publish") publish(build(step.publish, snapshot));
    else if (step.type === "answer") envoy.answer(types[step.lane]!);
    else if (step.type === "pass") clock.pass(step.ms);
    else connect();
  }
  // Then the client answers everything, and time passes: it must come to rest.
  for (let round = 0; round < 60; round++) {
    for (let more = true; more;) more = types.map((typeUrl) => envoy.answer(typeUrl)).includes(true);
    clock.pass(1000);
  }
  return { envoy, snapshot, pending: types.map((typeUrl) => envoy.unanswered.get(typeUrl)!.length) };
}

test("a client comes to rest with what was published, less what it refuses, and is never led astray on the way", () => {
  fc.assert(
    fc.property(contents, steps, (first, script) => {
      const { envoy, snapshot, pending } = run([{ type: "publish", publish: first }, ...script]);
      expect({ faults: envoy.faults, pending }).toEqual({ faults: [], pending: [0, 0, 0, 0] });
      for (const typeUrl of types) {
        const mine = envoy.has.get(typeUrl)!;
        const published = snapshot!.resources.get(typeUrl)!.shards.flatMap((shard) => [...shard.values()]);
        // No one asks for the endpoints of a cluster that was refused.
        const asked = (name: string): boolean => typeUrl !== loadAssignment || envoy.has.get(cluster)!.has(name);
        const good = published.filter(({ name, bytes }) => !Buffer.from(bytes).toString().endsWith(":9") && asked(name));
        expect(good.map(({ name }) => [name, mine.get(name)?.version])).toEqual(good.map(({ name, version }) => [name, version]));
        if (typeUrl === loadAssignment) continue;
        const names = new Set(published.map(({ name }) => name));
        expect([...mine.keys()].filter((name) => !names.has(name))).toEqual([]);
      }
    }),
    { numRuns: 400 },
  );
});
