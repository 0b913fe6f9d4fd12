// A store for tests of reconcilers: the objects of a test, and a configuration and a managed GatewayClass "eg" already there.

import type { Change } from "../../store/db.ts";
import type { Kind, Kinds } from "../../store/kinds.ts";
import { createStore, type Store } from "../../store/store.ts";
import { config, gatewayClass } from "./gateways.ts";
import type { TestObject } from "./object.ts";

/** A store with these objects; one of the same kind and name as one of the two that are there replaces it. */
export function world(...objects: readonly TestObject[]): Store {
  const store = createStore();
  store.apply([config({}), gatewayClass("eg"), ...objects].map(applied));
  return store;
}

/** The change that applies an object. Tests write partial objects, so this is the one place that trusts them. */
export function applied(object: TestObject): Change {
  return { type: "applied", kind: object.kind, object: object as unknown as Kinds[Kind] } as Change;
}
