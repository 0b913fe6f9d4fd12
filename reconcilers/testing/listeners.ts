// What tests say of listeners: the conditions that are not as they should be.

import { listenersOf } from "../gateway/listeners.ts";
import { world } from "./world.ts";
import type { TestObject } from "./object.ts";

const fine = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/Invalid"];

/** Per listener of default/gw: "ready" when it is served, then "Type=Status/Reason" of each condition that does not only say that all is well. */
export function problems(...objects: readonly TestObject[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    listenersOf(world(...objects), "default/gw").map(({ name, conditions, ready }) => {
      const said = conditions
        .map(({ type, status, reason }) => `${type}=${status}/${reason}`)
        .filter((one) => !fine.includes(one));
      return [name, [...(ready ? ["ready"] : []), ...said.toSorted()]];
    }),
  );
}
