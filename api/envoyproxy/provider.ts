// spec.provider of EnvoyProxy: the Kubernetes objects that carry a proxy. Parts of core Kubernetes types (pod parts, metrics) are kept unchecked:
// the API server checks them when we apply the objects, and the CRD stays small.

import { choice, flag, integer, intOrString, list, map, object, optional, preserved, text } from "../schema.ts";
import { kubernetesPatch, strings, textMap } from "../shared/values.ts";

const items = (description: string) => optional(list(preserved(), { description }));

const pod = object(
  {
    annotations: optional(textMap("Annotations of the pods.")),
    labels: optional(textMap("Labels of the pods.")),
    securityContext: optional(preserved({ description: "PodSecurityContext." })),
    affinity: optional(preserved({ description: "Affinity." })),
    tolerations: items("Tolerations."),
    volumes: items("Further volumes."),
    imagePullSecrets: items("Secrets for pulling images."),
    nodeSelector: optional(textMap("Labels that a node must have.")),
    topologySpreadConstraints: items("How pods are spread."),
    priorityClassName: optional(text({ description: "PriorityClass of the pods." })),
  },
  { description: "The pods." },
);

const container = object(
  {
    env: items("Environment variables."),
    resources: optional(preserved({ description: "ResourceRequirements." })),
    securityContext: optional(preserved({ description: "SecurityContext." })),
    image: optional(
      text({
        description: "Image with tag or digest.",
        rules: [
          {
            rule: "self.matches('^[a-zA-Z0-9._-]+(:[0-9]+)?(/[a-zA-Z0-9._/-]+)?(:[a-zA-Z0-9._-]+)?(@sha256:[a-z0-9]+)?$')",
            message: "not an image name",
          },
        ],
      }),
    ),
    imageRepository: optional(
      text({
        description: "Image without tag; the tag is the default one.",
        rules: [
          { rule: "self.matches('^[a-zA-Z0-9._-]+(:[0-9]+)?[a-zA-Z0-9._/-]+$')", message: "not an image name without tag" },
        ],
      }),
    ),
    volumeMounts: items("Further volume mounts."),
  },
  {
    description: "The envoy container.",
    rules: [{ rule: "!has(self.image) || !has(self.imageRepository)", message: "image and imageRepository exclude each other" }],
  },
);

const patch = optional(kubernetesPatch);
const name = optional(text({ description: "Name of the object; generated when absent." }));
const strategy = optional(preserved({ description: "How pods are replaced." }));

const envoyDeployment = object(
  {
    patch,
    replicas: optional(integer({ format: "int32", description: "Number of pods." })),
    strategy,
    pod: optional(pod),
    container: optional(container),
    initContainers: items("Containers that run first."),
    name,
  },
  { description: "The Deployment." },
);

const envoyDaemonSet = object(
  { patch, strategy, pod: optional(pod), container: optional(container), name },
  { description: "The DaemonSet." },
);

const ipv4 = String.raw`self.matches(r"^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$")`;
const loadBalancerOnly = (field: string) => ({
  rule: `!has(self.${field}) || self.type == 'LoadBalancer'`,
  message: `${field} goes with type LoadBalancer only`,
});

const envoyService = object(
  {
    annotations: optional(textMap("Annotations of the Service.")),
    labels: optional(textMap("Labels of the Service.")),
    type: choice(["ClusterIP", "LoadBalancer", "NodePort"], { default: "LoadBalancer", description: "Type of the Service." }),
    loadBalancerClass: optional(text({ description: "Class of the load balancer." })),
    allocateLoadBalancerNodePorts: optional(flag({ description: "Whether a load balancer gets node ports." })),
    loadBalancerSourceRanges: optional(strings("CIDRs that may connect.")),
    loadBalancerIP: optional(text({ description: "Wanted address.", rules: [{ rule: ipv4, message: "not an IPv4 address" }] })),
    externalTrafficPolicy: choice(["Local", "Cluster"], { default: "Local", description: "Which nodes serve." }),
    patch,
    name,
  },
  {
    description: "The Service.",
    rules: ["allocateLoadBalancerNodePorts", "loadBalancerSourceRanges", "loadBalancerIP"].map(loadBalancerOnly),
  },
);

const replicas = (field: string, description: string) =>
  integer({ format: "int32", description, rules: [{ rule: "self > 0", message: `${field} must be above 0` }] });

const envoyHpa = object(
  {
    minReplicas: optional(replicas("minReplicas", "Fewest pods.")),
    maxReplicas: replicas("maxReplicas", "Most pods."),
    metrics: items("MetricSpecs."),
    behavior: optional(preserved({ description: "HorizontalPodAutoscalerBehavior." })),
    patch,
    name,
  },
  {
    description: "The HorizontalPodAutoscaler.",
    rules: [
      { rule: "!has(self.minReplicas) || self.maxReplicas >= self.minReplicas", message: "maxReplicas is below minReplicas" },
    ],
  },
);

const envoyPDB = object(
  {
    minAvailable: optional(intOrString({ description: "Fewest pods, as number or percentage." })),
    maxUnavailable: optional(intOrString({ description: "Most pods down, as number or percentage." })),
    patch,
    name,
  },
  {
    description: "The PodDisruptionBudget.",
    rules: [
      {
        rule: "(has(self.minAvailable) && !has(self.maxUnavailable)) || (!has(self.minAvailable) && has(self.maxUnavailable))",
        message: "one of minAvailable and maxUnavailable is needed",
      },
    ],
  },
);

/** At most one of two fields, in the words of the API. */
const notBoth = (a: string, b: string) => ({
  rule: `((has(self.${a}) && !has(self.${b})) || (!has(self.${a}) && has(self.${b}))) || (!has(self.${a}) && !has(self.${b}))`,
  message: `${a} and ${b} exclude each other`,
});

const kubernetes = object(
  {
    envoyDeployment: optional(envoyDeployment),
    envoyDaemonSet: optional(envoyDaemonSet),
    envoyService: optional(envoyService),
    envoyHpa: optional(envoyHpa),
    useListenerPortAsContainerPort: optional(flag({ description: "Listen on the listener's own port, also below 1024." })),
    envoyPDB: optional(envoyPDB),
    envoyServiceAccount: optional(object({ name }, { description: "The ServiceAccount." })),
  },
  {
    description: "For type Kubernetes.",
    rules: [notBoth("envoyDeployment", "envoyDaemonSet"), notBoth("envoyHpa", "envoyDaemonSet")],
  },
);

export const provider = object(
  {
    type: choice(["Kubernetes", "Host"], { description: "Where proxies run." }),
    kubernetes: optional(kubernetes),
    host: optional(
      object({ envoyVersion: optional(text({ description: "Version of Envoy." })) }, { description: "For type Host." }),
    ),
  },
  { description: "What carries the proxies." },
);

export const logging = object(
  {
    level: map(choice(["trace", "debug", "info", "warn", "error"]), {
      default: { default: "warn" },
      description: "Level of each component; `default` is for the others.",
    }),
  },
  { default: { level: { default: "warn" } }, description: "The proxy's own log." },
);
