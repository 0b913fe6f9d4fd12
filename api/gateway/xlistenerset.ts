// XListenerSet (gateway.networking.x-k8s.io/v1alpha1, Gateway API v1.4.1): more listeners for a Gateway that allows it.

import { integer, kind, list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import {
  conditions,
  groupName,
  kindName,
  namespaceName,
  objectName,
  pendingConditions,
  portNumber,
  sectionName,
} from "./fields.ts";
import { routeGroupKind, setListeners } from "./listener.ts";

const pending = pendingConditions(["Accepted", "Programmed"]);

const parentRef = object(
  {
    group: groupName({ default: "gateway.networking.k8s.io" }),
    kind: kindName({ default: "Gateway" }),
    name: objectName("Name of the Gateway."),
    namespace: optional(namespaceName("Namespace of the Gateway; that of the ListenerSet when absent.")),
  },
  { description: "The Gateway to join." },
);

const listenerStatus = object({
  name: sectionName("Name of the listener."),
  port: portNumber("Port that the listener uses."),
  supportedKinds: list(routeGroupKind, { maxItems: 8, listType: "atomic", description: "Route kinds that may attach." }),
  attachedRoutes: integer({ format: "int32", description: "Number of routes attached." }),
  conditions: conditions(),
});

export const XListenerSetSchema = kind(
  "XListenerSet",
  {
    spec: object({ parentRef, listeners: setListeners }, { description: "What is wanted of the ListenerSet." }),
    status: optional(
      object(
        {
          conditions: conditions({ default: pending }),
          listeners: optional(
            list(listenerStatus, {
              maxItems: 64,
              listType: "map",
              mapKeys: ["name"],
              description: "What the controller says of each listener.",
            }),
          ),
        },
        { default: { conditions: pending }, description: "What the controller says of the ListenerSet." },
      ),
    ),
  },
  { description: "More listeners for a Gateway that allows it." },
);
export type XListenerSet = Static<typeof XListenerSetSchema>;
