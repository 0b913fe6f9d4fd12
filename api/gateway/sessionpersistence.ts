// How a rule of a route keeps a client at one backend (GEP-1619, Gateway API v1.4.1 experimental channel).

import { choice, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { duration } from "./fields.ts";

export const sessionPersistence = object(
  {
    sessionName: optional(text({ maxLength: 128, description: "Name of the cookie or header." })),
    absoluteTimeout: optional(duration("Longest life of a session.")),
    idleTimeout: optional(duration("Longest silence of a session.")),
    type: choice(["Cookie", "Header"], { default: "Cookie", description: "What carries the session." }),
    cookieConfig: optional(
      object(
        {
          lifetimeType: choice(["Permanent", "Session"], {
            default: "Session",
            description: "Whether the cookie outlives the browser session.",
          }),
        },
        { description: "Settings for type Cookie." },
      ),
    ),
  },
  {
    description: "Keeps a client at one backend endpoint.",
    rules: [
      {
        rule: "!has(self.cookieConfig) || !has(self.cookieConfig.lifetimeType) || self.cookieConfig.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
        message: "a Permanent cookie needs absoluteTimeout",
      },
    ],
  },
);
export type SessionPersistence = Static<typeof sessionPersistence>;
