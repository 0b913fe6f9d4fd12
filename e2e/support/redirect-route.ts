// A route that a proxy answers by itself, without any backend: what an edit of routes is seen by.

export interface RedirectRoute {
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
  /** Requests below it are redirected. */
  readonly path: string;
  readonly statusCode?: number;
}

/** Of the Gateway "eg" in its namespace. */
export function redirectRoute({ name, namespace, host, path, statusCode = 302 }: RedirectRoute): object {
  const requestRedirect = { hostname: "elsewhere.example.com", statusCode };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace },
    spec: {
      parentRefs: [{ name: "eg" }],
      hostnames: [host],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: path } }],
          filters: [{ type: "RequestRedirect", requestRedirect }],
        },
      ],
    },
  };
}
