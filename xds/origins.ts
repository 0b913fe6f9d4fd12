// From a resource back to the objects of the user that it was made from: when a proxy refuses it, this is who is told.

import type { Origin } from "./model/origin.ts";
import type { Resource } from "./resource.ts";

const makers = new WeakMap<Resource, () => readonly Origin[]>();

/** Each once; empty for a resource that was not made from the model. A route configuration has those of all its routes. */
export function originsOf(resource: Resource): readonly Origin[] {
  const origins = makers.get(resource)?.() ?? [];
  return [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()];
}

/** `resource`, remembered with its origins; they are asked for only when somebody wants to know. */
export function madeFrom(resource: Resource, origins: () => readonly Origin[]): Resource {
  makers.set(resource, origins);
  return resource;
}
