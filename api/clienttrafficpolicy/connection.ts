// Connections of clients (v1alpha1 ClientConnection, ClientTimeout, HTTP1Settings, ClientIPDetectionSettings).

import { duration } from "../gateway/fields.ts";
import { flag, integer, list, object, optional, text } from "../schema.ts";
import { byteQuantity, count } from "../shared/values.ts";

// As the API has it: it looks for a CIDR anywhere in the text, and does not look at the length of the prefix.
const ipv4 = String.raw`(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)`;
const ipv4Tail = String.raw`((25[0-5]|(2[0-4]|1{0,1}[0-9]){0,1}[0-9])\.){3,3}(25[0-5]|(2[0-4]|1{0,1}[0-9]){0,1}[0-9])`;
const group = "[0-9a-fA-F]{1,4}";
const ipv6 = [
  `(${group}:){7,7}${group}`,
  `(${group}:){1,7}:`,
  `(${group}:){1,6}:${group}`,
  `(${group}:){1,5}(:${group}){1,2}`,
  `(${group}:){1,4}(:${group}){1,3}`,
  `(${group}:){1,3}(:${group}){1,4}`,
  `(${group}:){1,2}(:${group}){1,5}`,
  `${group}:((:${group}){1,6})`,
  `:((:${group}){1,7}|:)`,
  "fe80:(:[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]{1,}",
  `::(ffff(:0{1,4}){0,1}:){0,1}${ipv4Tail}`,
  `(${group}:){1,4}:${ipv4Tail}`,
].join("|");
const cidr = String.raw`(${ipv4}\/([0-9]+))|((${ipv6})\/([0-9]+))`;

const xForwardedFor = object(
  {
    numTrustedHops: optional(count("How many of the last proxies that added to the header are trusted.")),
    trustedCIDRs: optional(
      list(text({ pattern: cidr }), { minItems: 1, description: "Addresses of the proxies that are trusted." }),
    ),
  },
  {
    description: "By the header x-forwarded-for.",
    rules: [
      {
        rule: "(has(self.numTrustedHops) && !has(self.trustedCIDRs)) || (!has(self.numTrustedHops) && has(self.trustedCIDRs))",
        message: "one of numTrustedHops and trustedCIDRs is needed, and not both",
      },
    ],
  },
);

const customHeader = object(
  {
    name: text({ minLength: 1, maxLength: 255, pattern: "^[A-Za-z0-9-]+$", description: "Name of the header." }),
    failClosed: optional(flag({ description: "Refuse requests without the header, or with no address in it (403)." })),
  },
  { description: "By a header of this name." },
);

export const clientIpDetection = object(
  { xForwardedFor: optional(xForwardedFor), customHeader: optional(customHeader) },
  {
    description: "Where the address of the client is found; that of the connection when absent.",
    rules: [
      {
        rule: "!(has(self.xForwardedFor) && has(self.customHeader))",
        message: "customHeader and xForwardedFor exclude each other",
      },
    ],
  },
);

const connectionLimit = object(
  {
    value: integer({ format: "int64", minimum: 1, description: "Connections at a time, for each Envoy." }),
    closeDelay: optional(duration("Time until a connection too many is closed.")),
    maxConnectionDuration: optional(duration("Longest life of a connection.")),
    maxRequestsPerConnection: optional(count("Requests before a connection is closed.")),
    maxStreamDuration: optional(duration("Longest life of a request.")),
  },
  { description: "Limits of connections." },
);

export const clientConnection = object(
  {
    connectionLimit: optional(connectionLimit),
    bufferLimit: optional(byteQuantity("Soft limit of the buffers of a connection; 32Ki when absent.")),
    socketBufferLimit: optional(byteQuantity("Size of the socket's receive buffer. Envoy Gateway v1.7.0 does not serve it.")),
    maxAcceptPerSocketEvent: count("Connections accepted at once; 0 for all that wait.", { default: 1 }),
  },
  { description: "Connections." },
);

export const clientTimeout = object(
  {
    tcp: optional(
      object(
        { idleTimeout: optional(duration("Time without a byte before a connection is closed.")) },
        { description: "Of TCP." },
      ),
    ),
    http: optional(
      object(
        {
          requestReceivedTimeout: optional(duration("Time for the whole request to arrive.")),
          idleTimeout: optional(duration("Time without a request before a connection is closed.")),
          streamIdleTimeout: optional(duration("Time without a byte before a request is given up.")),
        },
        { description: "Of HTTP." },
      ),
    ),
  },
  { description: "Timeouts." },
);

export const http1Settings = object(
  {
    enableTrailers: optional(flag({ description: "Pass trailers on." })),
    preserveHeaderCase: optional(flag({ description: "Leave the case of header names as it is." })),
    http10: optional(
      object(
        { useDefaultHost: optional(flag({ description: "Take requests without Host as for the listener's hostname." })) },
        { description: "Serve HTTP/1.0, too." },
      ),
    ),
    disableSafeMaxConnectionDuration: optional(
      flag({ description: "Close connections at the end of maxConnectionDuration also during a request." }),
    ),
  },
  { description: "HTTP/1 settings." },
);
