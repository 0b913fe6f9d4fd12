// What a start costs: 10,000 routes from objects to a complete snapshot, in a fresh process. Prints one JSON line.

import { proxy } from "../reconcilers/proxy.ts";
import { createStore } from "../store/store.ts";
import { encode } from "../xds/snapshot.ts";
import { config, world } from "./world.ts";

const routes = Number(process.argv[2] ?? 10_000);
const objects = [config(), ...world(routes)];
const began = performance.now();
const store = createStore();
store.apply(objects);
const { snapshot, refusals } = encode(proxy(store, "default/eg"));
const cold_ms = Math.round(performance.now() - began);
if (refusals.length > 0 || snapshot.resources.size === 0) throw new Error("the world of the bench is not sound");
console.log(
  JSON.stringify({ routes, cold_ms, queries: store.computed.length, rss_mb: Math.round(process.memoryUsage.rss() / 1e6) }),
);
