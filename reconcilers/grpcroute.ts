// GRPCRoute: what is said of it. Its rules are in routes/http.ts, its attachment in routes/attachment.ts.

import type { Reconciler } from "./reconciler.ts";
import { routeStatus } from "./routes/status.ts";

export const grpcRoute: Reconciler<"GRPCRoute"> = {
  kind: "GRPCRoute",
  status: (db, key) => routeStatus(db, "GRPCRoute", key),
};
