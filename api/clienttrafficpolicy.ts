// ClientTrafficPolicy (gateway.envoyproxy.io/v1alpha1, as of Envoy Gateway v1.7.0): how listeners treat clients. Its larger parts are in
// clienttrafficpolicy/.

import { clientConnection, clientIpDetection, clientTimeout, http1Settings } from "./clienttrafficpolicy/connection.ts";
import { clientHeaders } from "./clienttrafficpolicy/headers.ts";
import { clientTls } from "./clienttrafficpolicy/tls.ts";
import { choice, flag, kind, object, optional, text } from "./schema.ts";
import type { Static } from "./schema.ts";
import { http2Settings, tcpKeepalive } from "./shared/settings.ts";
import { policyStatus, policyTargets, targetRules } from "./shared/policy.ts";

const spec = object(
  {
    ...policyTargets,
    tcpKeepalive: optional(tcpKeepalive),
    enableProxyProtocol: optional(flag({ description: "Deprecated: use proxyProtocol." })),
    proxyProtocol: optional(
      object(
        { optional: optional(flag({ description: "Serve connections without its header, too." })) },
        { minProperties: 0, description: "Read the PROXY protocol, of both versions." },
      ),
    ),
    clientIPDetection: optional(clientIpDetection),
    tls: optional(clientTls),
    path: optional(
      object(
        {
          escapedSlashesAction: optional(
            choice(["KeepUnchanged", "RejectRequest", "UnescapeAndForward", "UnescapeAndRedirect"], {
              description: "What becomes of %2F and %5C in paths; UnescapeAndRedirect when absent.",
            }),
          ),
          disableMergeSlashes: optional(flag({ description: "Leave neighbouring slashes as they are." })),
        },
        { description: "Paths." },
      ),
    ),
    headers: optional(clientHeaders),
    timeout: optional(clientTimeout),
    connection: optional(clientConnection),
    http1: optional(http1Settings),
    http2: optional(http2Settings),
    http3: optional(object({}, { description: "Serve HTTP/3, too, at listeners with TLS." })),
    healthCheck: optional(
      object(
        { path: text({ minLength: 1, maxLength: 1024, description: "Path that the proxy answers itself." }) },
        { description: "Health checks of the proxy by load balancers before it." },
      ),
    ),
    scheme: optional(
      choice(["Preserve", "MatchBackend"], {
        description: "Whether backends are told the client's scheme or that of their own connection; Preserve when absent.",
      }),
    ),
  },
  { rules: targetRules(["== 'Gateway' : true", "== 'Gateway') : true"]), description: "What is wanted of the policy." },
);

export const clientTrafficPolicySchema = kind(
  "ClientTrafficPolicy",
  { spec, status: optional(policyStatus) },
  { description: "How listeners treat clients." },
);
export type ClientTrafficPolicy = Static<typeof clientTrafficPolicySchema>;
export type ClientTrafficPolicySpec = ClientTrafficPolicy["spec"];
