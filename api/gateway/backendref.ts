// References from routes and filters to backends (Gateway API v1.4.1).

import { integer, object, optional } from "../schema.ts";
import type { Options, Static } from "../schema.ts";
import { groupName, kindName, namespaceName, objectName, portNumber } from "./fields.ts";

const fields = {
  group: groupName({ default: "" }),
  kind: kindName({ default: "Service" }),
  name: objectName("Name of the backend."),
  namespace: optional(namespaceName("Namespace of the backend; that of the route when absent.")),
  port: optional(portNumber("Port of the backend; a Service needs one.")),
};

const portOfService: Options["rules"] = [
  {
    rule: "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
    message: "a reference to a Service needs a port",
  },
];

/** A backend without weight, as filters name it. */
export const backendObjectReference = object(fields, { rules: portOfService, description: "The backend." });
export type BackendObjectReference = Static<typeof backendObjectReference>;

/** The fields and rules of a backend, for references that say more. */
export const backendReference = { fields, rules: portOfService };

/** Share of a backend among those of its rule. */
export const backendWeight = (description: string) =>
  integer({ default: 1, format: "int32", minimum: 0, maximum: 1000000, description });
