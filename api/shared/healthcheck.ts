// How a proxy finds out which endpoints are healthy (v1alpha1 HealthCheck). It knows no kind.

import { duration, preciseHostname } from "../gateway/fields.ts";
import { choice, flag, integer, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { count } from "./values.ts";

const interval = (fallback: string, description: string) => ({ ...duration(description), default: fallback });

const payload = (description: string) =>
  object(
    {
      type: choice(["Text", "Binary"], { description: "Which of the two is given." }),
      text: optional(text({ description: "Plain text." })),
      binary: optional(text({ format: "byte", description: "Bytes in base64." })),
    },
    {
      description,
      rules: [
        { rule: "self.type == 'Text' ? has(self.text) : !has(self.text)", message: "text goes with type Text" },
        { rule: "self.type == 'Binary' ? has(self.binary) : !has(self.binary)", message: "binary goes with type Binary" },
      ],
    },
  );

const httpCheck = object(
  {
    hostname: optional(preciseHostname("Host to ask for; that of the route when absent.")),
    path: text({ minLength: 1, maxLength: 1024, description: "Path to ask for." }),
    method: optional(text({ description: "Method; GET when absent." })),
    expectedStatuses: optional(
      list(integer({ minimum: 100, maximum: 599 }), { description: "Status codes of health; 200 when absent." }),
    ),
    expectedResponse: optional(payload("What the body must contain.")),
  },
  { description: "The check, for type HTTP." },
);

const active = object(
  {
    timeout: interval("1s", "Time for an answer."),
    interval: interval("3s", "Time between checks."),
    initialJitter: optional(duration("Longest random delay of the first check.")),
    unhealthyThreshold: count("Failures in a row that make an endpoint unhealthy.", { default: 3, minimum: 1 }),
    healthyThreshold: count("Successes in a row that make it healthy again.", { default: 1, minimum: 1 }),
    type: choice(["HTTP", "TCP", "GRPC"], { description: "How to check." }),
    http: optional(httpCheck),
    tcp: optional(
      object(
        { send: optional(payload("What to send.")), receive: optional(payload("What the answer must contain.")) },
        { description: "The check, for type TCP." },
      ),
    ),
    grpc: optional(
      object(
        { service: optional(text({ description: "Service to ask about." })) },
        { description: "The check, for type GRPC (grpc.health.v1)." },
      ),
    ),
  },
  {
    description: "Checks that the proxy makes itself.",
    rules: [
      { rule: "self.type == 'HTTP' ? has(self.http) : !has(self.http)", message: "http goes with type HTTP" },
      { rule: "self.type == 'TCP' ? has(self.tcp) : !has(self.tcp)", message: "tcp goes with type TCP" },
      { rule: "has(self.grpc) ? self.type == 'GRPC' : true", message: "grpc goes with type GRPC only" },
    ],
  },
);

const passive = object(
  {
    splitExternalLocalOriginErrors: flag({ default: false, description: "Count connection failures apart from answers." }),
    interval: interval("3s", "Time between evaluations."),
    consecutiveLocalOriginFailures: count("Connection failures in a row before ejection.", { default: 5 }),
    consecutiveGatewayErrors: optional(count("502, 503 and 504 in a row before ejection.")),
    consecutive5XxErrors: count("5xx in a row before ejection.", { default: 5 }),
    baseEjectionTime: interval("30s", "Shortest ejection; it grows with each."),
    maxEjectionPercent: count("Largest share of endpoints ejected.", { default: 10 }),
    failurePercentageThreshold: optional(count("Share of failures that leads to ejection.", { minimum: 0, maximum: 100 })),
  },
  { description: "Conclusions from the answers to real requests." },
);

export const healthCheck = object(
  {
    active: optional(active),
    passive: optional(passive),
    panicThreshold: optional(
      count("Share of healthy endpoints below which health is ignored; 50 when absent.", { minimum: 0, maximum: 100 }),
    ),
  },
  { description: "Which endpoints are healthy." },
);
export type HealthCheck = Static<typeof healthCheck>;
