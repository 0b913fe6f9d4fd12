// UDPRoute: what is said of it. Its backends are in routes/l4.ts, its attachment in routes/attachment.ts.

import type { Reconciler } from "./reconciler.ts";
import { routeStatus } from "./routes/status.ts";

export const udpRoute: Reconciler<"UDPRoute"> = {
  kind: "UDPRoute",
  status: (db, key) => routeStatus(db, "UDPRoute", key),
};
