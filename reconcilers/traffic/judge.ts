// What a BackendTrafficPolicy's status says of its settings.

import type { Judge } from "../policies/status.ts";
import { trafficOf } from "./settings.ts";

export const judgeTraffic: Judge<"BackendTrafficPolicy"> = (db, effective) => {
  const traffic = trafficOf(db, effective);
  return { problems: traffic?.problems ?? [], withoutEffect: traffic?.withoutEffect ?? [] };
};
