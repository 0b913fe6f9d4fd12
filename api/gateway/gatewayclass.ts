// GatewayClass (gateway.networking.k8s.io/v1, Gateway API v1.4.1 experimental channel): schema and types.

import { kind, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { conditions, controllerName, objectReference, pendingConditions } from "./fields.ts";

const pending = pendingConditions(["Accepted"]);

export const GatewayClassSchema = kind(
  "GatewayClass",
  {
    spec: object(
      {
        controllerName: controllerName({
          rules: [{ rule: "self == oldSelf", message: "controllerName cannot be changed" }],
        }),
        description: optional(text({ maxLength: 64, description: "What the class is for." })),
        parametersRef: optional(objectReference("Object with further settings, such as an EnvoyProxy.")),
      },
      { description: "What is wanted of the class." },
    ),
    status: optional(
      object(
        {
          conditions: conditions({ default: pending }),
          supportedFeatures: optional(
            list(object({ name: text({ description: "Name of the feature." }) }), {
              maxItems: 64,
              listType: "map",
              mapKeys: ["name"],
              description: "Gateway API features the controller supports.",
            }),
          ),
        },
        { default: { conditions: pending }, description: "What the controller says of the class." },
      ),
    ),
  },
  { description: "A class of Gateways that one controller serves." },
);
export type GatewayClass = Static<typeof GatewayClassSchema>;
export type GatewayClassSpec = GatewayClass["spec"];
export type GatewayClassStatus = NonNullable<GatewayClass["status"]>;
