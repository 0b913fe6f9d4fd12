// XListenerSet (gateway.networking.x-k8s.io/v1alpha1, Gateway API v1.4.1): what became ListenerSet, which see.

import { kind, object } from "../schema.ts";
import type { Static } from "../schema.ts";
import { portNumber } from "./fields.ts";
import { experimentalSetListeners } from "./listener.ts";
import { setDescription, setFields, setListenerStatus } from "./listenerset.ts";

const { name, ...more } = setListenerStatus;
const listenerStatus = object({ name, port: portNumber("Port that the listener uses."), ...more });

export const XListenerSetSchema = kind("XListenerSet", setFields(experimentalSetListeners, listenerStatus), {
  description: setDescription,
});
export type XListenerSet = Static<typeof XListenerSetSchema>;
