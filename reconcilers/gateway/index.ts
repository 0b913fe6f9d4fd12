// The Gateway reconciler: its status, and the objects that run its proxy.

import type { Reconciler } from "../reconciler.ts";
import { infrastructureOf } from "./infrastructure.ts";
import { proxyOf } from "./proxies.ts";
import { gatewayStatus } from "./status.ts";

export const gateway: Reconciler<"Gateway"> = {
  kind: "Gateway",
  status: gatewayStatus,
  // The proxy of merged Gateways belongs to their class (reconcilers/gatewayclass.ts).
  owned: (db, key) => (proxyOf(db, key) === key ? infrastructureOf(db, key) : []),
};
