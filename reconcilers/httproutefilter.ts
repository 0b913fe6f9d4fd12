// HTTPRouteFilter has no status in the API: what is wrong with one is said on the routes that use it (routes/extension.ts).

import type { Reconciler } from "./reconciler.ts";

export const httpRouteFilter: Reconciler<"HTTPRouteFilter"> = {
  kind: "HTTPRouteFilter",
  status: () => undefined,
};
