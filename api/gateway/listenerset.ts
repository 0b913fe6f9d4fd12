// ListenerSet (gateway.networking.k8s.io/v1, Gateway API v1.6.1): more listeners for a Gateway that allows it. And what it has in common with
// its forerunner, XListenerSet.

import type { TSchema } from "typebox";
import { integer, kind, list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { conditions, groupName, kindName, namespaceName, objectName, pendingConditions, sectionName } from "./fields.ts";
import { routeGroupKind, setListeners } from "./listener.ts";

const pending = pendingConditions(["Accepted", "Programmed"]);

const parentGatewayReference = object(
  {
    group: groupName({ default: "gateway.networking.k8s.io" }),
    kind: kindName({ default: "Gateway" }),
    name: objectName("Name of the Gateway."),
    namespace: optional(namespaceName("Namespace of the Gateway; that of the ListenerSet when absent.")),
  },
  { description: "The Gateway to join." },
);

const supportedKinds = list(routeGroupKind, {
  maxItems: 8,
  listType: "atomic",
  description: "Route kinds that may attach.",
});

/** What is said of each listener, whichever the version. */
export const setListenerStatus = {
  name: sectionName("Name of the listener."),
  supportedKinds,
  attachedRoutes: integer({ format: "int32", description: "Number of routes attached." }),
  conditions: conditions(),
};

/** The options of a list of these. */
const setListenerStatuses = {
  maxItems: 64,
  listType: "map",
  mapKeys: ["name"],
  description: "What the controller says of each listener.",
} as const;

/** The options of a status, and its conditions. */
const setStatusOptions = {
  default: { conditions: pending },
  description: "What the controller says of the ListenerSet.",
};
const setConditions = conditions({ default: pending });

/** What the kind has in both versions, which differ in their listeners and in what is said of each. */
export function setFields<L extends TSchema, S extends TSchema>(listeners: L, listenerStatus: S) {
  return {
    spec: object({ parentRef: parentGatewayReference, listeners }, { description: "What is wanted of the ListenerSet." }),
    status: optional(
      object({ conditions: setConditions, listeners: optional(list(listenerStatus, setListenerStatuses)) }, setStatusOptions),
    ),
  };
}

export const setDescription = "More listeners for a Gateway that allows it.";

const listenerStatus = object({ ...setListenerStatus, supportedKinds: optional(supportedKinds) });

export const ListenerSetSchema = kind("ListenerSet", setFields(setListeners, listenerStatus), { description: setDescription });
export type ListenerSet = Static<typeof ListenerSetSchema>;
