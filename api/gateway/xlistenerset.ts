// XListenerSet (gateway.networking.x-k8s.io/v1alpha1, Gateway API v1.4.1): what became ListenerSet, which see.

import { kind, list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { portNumber } from "./fields.ts";
import { experimentalSetListeners } from "./listener.ts";
import {
  parentGatewayReference,
  setConditions,
  setListenerStatus,
  setListenerStatuses,
  setStatusOptions,
} from "./listenerset.ts";

const { name, ...more } = setListenerStatus;
const listenerStatus = object({ name, port: portNumber("Port that the listener uses."), ...more });

export const XListenerSetSchema = kind(
  "XListenerSet",
  {
    spec: object(
      { parentRef: parentGatewayReference, listeners: experimentalSetListeners },
      { description: "What is wanted of the ListenerSet." },
    ),
    status: optional(
      object({ conditions: setConditions, listeners: optional(list(listenerStatus, setListenerStatuses)) }, setStatusOptions),
    ),
  },
  { description: "More listeners for a Gateway that allows it." },
);
export type XListenerSet = Static<typeof XListenerSetSchema>;
