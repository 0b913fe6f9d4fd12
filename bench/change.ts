// What one edit costs: from the edited object to bytes on the stream of a connected client, with 100 to 10,000 routes on one listener.
// Store, translation, encoding and the xDS server are the product's; the client is a process of its own.

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { proxy } from "../reconcilers/proxy.ts";
import { createStore, type Store } from "../store/store.ts";
import type { Change } from "../store/db.ts";
import type { Snapshot, TypeUrl } from "../xds/resource.ts";
import { createXdsServer, type XdsServer } from "../xds/server.ts";
import { encode } from "../xds/snapshot.ts";
import { config, endpoints, route, world } from "./world.ts";

/** Of route tables. */
export type Layout = "Plain" | "Bucketed";

/** One row of the table: medians in milliseconds. */
export interface ChangeCost {
  readonly routes: number;
  readonly layout: Layout;
  /** Edited HTTPRoute → bytes written to the stream. */
  readonly route_ms: number;
  readonly route_p99_ms: number;
  /** Edited EndpointSlice → bytes written to the stream. */
  readonly endpoint_ms: number;
  readonly endpoint_p99_ms: number;
  /** A route with a new host is added. */
  readonly add_ms: number;
  /** Queries that ran for the edited route, and for the edited endpoints. */
  readonly queries: number;
  readonly endpoint_queries: number;
  /** Bytes of the response that carries the edited route. */
  readonly bytes: number;
}

const name = "default/eg";
const samples = 60;
const discarded = 15;

interface Message {
  readonly typeUrl: string;
  readonly resources: number;
  readonly bytes: number;
}

/** A client's messages, one at a time. */
function mailbox(child: ChildProcess): (of: TypeUrl) => Promise<Message> {
  const arrived: Message[] = [];
  child.on("message", (message) => arrived.push(message as Message));
  return async (of) => {
    for (;;) {
      const position = arrived.findIndex(({ typeUrl }) => typeUrl === of);
      if (position >= 0) return arrived.splice(position, 1)[0]!;
      await once(child, "message");
    }
  };
}

interface Rig {
  readonly store: Store;
  readonly server: XdsServer;
  snapshot: Snapshot | undefined;
}

/** One change, all the way; milliseconds until it is written. Every stream is idle, so publish() writes before it returns. */
function flush(rig: Rig, change: Change): number {
  const began = performance.now();
  rig.store.apply([change]);
  const { snapshot } = encode(proxy(rig.store, name), rig.snapshot);
  rig.server.publish(snapshot);
  const took = performance.now() - began;
  if (snapshot === rig.snapshot) throw new Error("the edit changed nothing");
  rig.snapshot = snapshot;
  return took;
}

const routesType = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
const endpointsType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

async function measure(routes: number, layout: Layout): Promise<ChangeCost> {
  const clock = {
    now: () => performance.now(),
    after: (ms: number, task: () => void) =>
      (
        (timer) => () =>
          clearTimeout(timer)
      )(setTimeout(task, ms)),
  };
  const rig: Rig = { store: createStore(), server: createXdsServer({ host: "127.0.0.1", port: 0, clock }), snapshot: undefined };
  const { port } = await rig.server.listen();
  rig.store.apply([config(layout), ...world(routes)]);
  rig.snapshot = encode(proxy(rig.store, name)).snapshot;
  rig.server.publish(rig.snapshot);
  const child = fork(new URL("client.ts", import.meta.url), [String(port), name, layout]);
  const next = mailbox(child);
  await Promise.all([next(routesType), next(endpointsType)]);

  let bytes = 0;
  let queries = 0;
  let endpointQueries = 0;
  const series = { route: [] as number[], endpoint: [] as number[], add: [] as number[] };
  for (let i = 0; i < samples; i++) {
    series.route.push(flush(rig, route((i * 7) % routes, i + 1)));
    queries = rig.store.computed.length;
    bytes = (await settled(rig, next, routesType)).bytes;
    series.endpoint.push(flush(rig, endpoints(i % 20, i + 1)));
    endpointQueries = rig.store.computed.length;
    await settled(rig, next, endpointsType);
    series.add.push(flush(rig, route(routes + i)));
    await settled(rig, next, routesType);
  }
  child.kill();
  await rig.server.close();
  return {
    routes,
    layout,
    route_ms: quantile(series.route, 0.5),
    route_p99_ms: quantile(series.route, 0.99),
    endpoint_ms: quantile(series.endpoint, 0.5),
    endpoint_p99_ms: quantile(series.endpoint, 0.99),
    add_ms: quantile(series.add, 0.5),
    queries,
    endpoint_queries: endpointQueries,
    bytes,
  };
}

/** Waits for the client's message and until the server has read its acknowledgement. */
async function settled(rig: Rig, next: (of: TypeUrl) => Promise<Message>, of: TypeUrl): Promise<Message> {
  const message = await next(of);
  while (rig.server.streams().some(({ types }) => types.some(({ outstanding }) => outstanding.length > 0)))
    await new Promise(setImmediate);
  return message;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.slice(discarded).toSorted((a, b) => a - b);
  return Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(2));
}

/** The table, smallest first, a row for each layout. */
export async function changeCosts(sizes: readonly number[], layouts: readonly Layout[]): Promise<readonly ChangeCost[]> {
  const rows: ChangeCost[] = [];
  for (const size of sizes) for (const layout of layouts) rows.push(await measure(size, layout));
  return rows;
}
