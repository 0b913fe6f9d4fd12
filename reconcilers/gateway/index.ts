// The Gateway reconciler: its status, and the objects that run its proxy.

import type { Reconciler } from "../reconciler.ts";
import { gatewayStatus } from "./status.ts";
import { ownedByGateway } from "./succession.ts";

export const gateway: Reconciler<"Gateway"> = {
  kind: "Gateway",
  status: gatewayStatus,
  owned: ownedByGateway,
};
