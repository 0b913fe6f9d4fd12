import { reasons } from "./support.ts";

/** The GatewayClass bad of our controller. */
function gatewayClass(spec: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: bad}\nspec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller${spec}}\n`;
}
const parameters = (ref: string): string => gatewayClass(`, parametersRef: {${ref}}`);
const envoyProxy = (spec: string): string =>
  `---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: settings}\nspec: ${spec}\n`;
const settings = parameters("group: gateway.envoyproxy.io, kind: EnvoyProxy, name: settings, namespace: default");

reasons([
  ["nothing wrong", gatewayClass(""), "GatewayClass bad: Accepted"],
  ["another controller", gatewayClass("").replace("gateway.envoyproxy.io", "example.com"), "GatewayClass bad: nothing"],
  [
    "a controller without a path",
    gatewayClass("").replace("/gatewayclass-controller", ""),
    'refused: must match ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&\'()*+,;=:]+$, not "gateway.envoyproxy.io"',
  ],
  ["no controller", gatewayClass("").replace(/controllerName: [^}]*/, ""), "refused: is required"],
  [
    "a description that is too long",
    gatewayClass(`, description: ${"a".repeat(65)}`),
    "refused: must have at most 64 characters, not 65",
  ],
  [
    "parameters that are not there",
    parameters("group: gateway.envoyproxy.io, kind: EnvoyProxy, name: gone, namespace: default"),
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
  [
    "parameters in a namespace that is not there",
    parameters("group: gateway.envoyproxy.io, kind: EnvoyProxy, name: settings, namespace: gone") + envoyProxy("{}"),
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
  [
    "parameters without a namespace mean namespace default",
    parameters("group: gateway.envoyproxy.io, kind: EnvoyProxy, name: settings") + envoyProxy("{}"),
    "GatewayClass bad: Accepted",
  ],
  [
    "parameters of a wrong group",
    parameters("group: example.com, kind: EnvoyProxy, name: settings, namespace: default") + envoyProxy("{}"),
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
  [
    "parameters of a wrong kind",
    parameters("group: '', kind: ConfigMap, name: authority, namespace: default"),
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
  ["parameters without a name", parameters("group: gateway.envoyproxy.io, kind: EnvoyProxy"), "refused: is required"],
  [
    "parameters for a single machine",
    settings + envoyProxy("{provider: {type: Host}}"),
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
  [
    "parameters that contradict themselves",
    settings + envoyProxy("{provider: {type: Kubernetes, kubernetes: {envoyDeployment: {}, envoyDaemonSet: {}}}}"),
    "refused: envoyDeployment and envoyDaemonSet exclude each other",
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
  [
    "parameters with a bootstrap that loses the control plane",
    settings + envoyProxy("{bootstrap: {type: Replace, value: 'node: {id: a}'}}"),
    "GatewayClass bad: Accepted=False/InvalidParameters",
  ],
]);
