// TCPRoute: what is said of it. Its backends are in routes/l4.ts, its attachment in routes/attachment.ts.

import type { Reconciler } from "./reconciler.ts";
import { routeStatus } from "./routes/status.ts";

export const tcpRoute: Reconciler<"TCPRoute"> = {
  kind: "TCPRoute",
  status: (db, key) => routeStatus(db, "TCPRoute", key),
};
