// The command line: which commands and flags there are, and their help. What a command does is in its own file, loaded when it is asked for,
// so that `--help` and `version` answer at once.

import { Command, CommanderError, Option } from "commander";
import { versionText } from "./version.ts";

const output = (...choices: readonly string[]): Option =>
  new Option("-o, --output <format>", "how to print").choices(choices).default(choices[0]);
const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];
const files = (): Option =>
  new Option("-f, --file <path>", "YAML file, directory (read recursively) or - for standard input; may be repeated").argParser(
    collect,
  );

/** The whole command line; actions set process.exitCode. */
function program(): Command {
  const root = new Command("envoy-gateway")
    .description("Envoy Gateway's APIs, served by an incremental control plane: from a cluster, or from a folder of YAML.")
    .showHelpAfterError("Run `envoy-gateway help <command>` for its flags and examples.")
    .configureHelp({ showGlobalOptions: false });
  addServing(root);
  addReading(root);
  addSidecar(root);
  root
    .command("version")
    .description("Print our version and the versions of what we implement.")
    .addOption(output("text", "json"))
    .addHelpText("after", "\nExamples:\n  envoy-gateway version\n  envoy-gateway version -o json")
    .action(({ output: format }: { output: "text" | "json" }) => void process.stdout.write(versionText(format)));
  return root;
}

/** Commands that run until they are stopped. */
function addServing(root: Command): void {
  root
    .command("standalone")
    .description("Serve a folder of YAML through Envoys on this machine, and follow its edits.")
    .addOption(new Option("--config <file>", "an EnvoyGateway config file"))
    .addOption(new Option("--resources <dir>", "directory of YAML files, read recursively; may be repeated").argParser(collect))
    .option("--state-dir <dir>", "where certificates and the ports of the admin server are kept")
    .option("--quickstart", "serve manifests/examples/quickstart, with its echo backend")
    .option("--echo", "start an echo backend at every loopback address that a Backend names")
    .addHelpText(
      "after",
      `
Examples:
  envoy-gateway standalone --quickstart
  envoy-gateway standalone --resources ./gateway
  envoy-gateway standalone --resources manifests/examples/traffic-split --echo
  envoy-gateway standalone --config envoy-gateway.yaml`,
    )
    .action(async (options) => (await import("./standalone.ts")).standalone(options));
  root
    .command("operator")
    .description("Serve the Gateways of a cluster: from within it, or from this machine with a kubeconfig.")
    .addOption(new Option("--config <file>", "an EnvoyGateway config file"))
    .option("--kubeconfig <file>", "absent: KUBECONFIG, the service account of the pod, or ~/.kube/config")
    .option("--context <name>", "a context of the kubeconfig")
    .option("--namespace <name>", "the operator's own namespace")
    .option("--xds-address <host>", "where proxies find this process, when it runs outside of the cluster")
    .option("--xds-port <port>", "port of the xDS server (18000)")
    .addHelpText(
      "after",
      "\nExamples:\n  envoy-gateway operator --config /config/envoy-gateway.yaml\n  envoy-gateway operator --kubeconfig ~/.kube/config --xds-address 192.168.1.20",
    )
    .action(async (options) => (await import("./operator.ts")).operatorCommand(options));
  root
    .command("server")
    .description(
      "What a config file asks for, spelled as in Envoy Gateway: provider Kubernetes is `operator`, Custom `standalone`.",
    )
    .requiredOption("--config-path <file>", "an EnvoyGateway config file")
    .option("--state-dir <dir>", "provider Custom: where certificates and the ports of the admin server are kept")
    .addHelpText("after", "\nExample:\n  envoy-gateway server --config-path envoy-gateway.yaml")
    .action(async ({ configPath, ...rest }) => (await import("./server.ts")).serverCommand(configPath, rest));
}

/** What runs beside an Envoy in a pod. The launcher starts it without coming here (build.ts), so that it stays small. */
function addSidecar(root: Command): void {
  root
    .command("envoy")
    .description("What runs beside an Envoy in its pod.")
    .command("shutdown-manager")
    .description("Hold back the signal that ends Envoy until its clients are done: answers GET /shutdown/ready when they are.")
    .option("--drain-timeout <duration>", "longest time", "60s")
    .option("--min-drain-duration <duration>", "shortest time", "10s")
    .option("--ready-timeout <duration>", "longest time for an answer, whatever else is said", "70s")
    .option("--exit-at-connections <count>", "nobody is left when so many connections are", "0")
    .option("--port <port>", "where kubelet asks", "19002")
    .option("--admin-host <host>", "of Envoy's admin interface", "localhost")
    .option("--admin-port <port>", "of Envoy's admin interface", "19000")
    .addHelpText("after", "\nExample:\n  envoy-gateway envoy shutdown-manager --drain-timeout=30s --min-drain-duration=5s")
    .action(async () => (await import("./shutdown-manager.ts")).shutdownManager(process.argv.slice(4)));
}

/** Commands that answer once. */
function addReading(root: Command): void {
  root
    .command("translate")
    .description(
      "Print what a set of objects means: each object with its status, what Envoy is told, what would run. Uses no network.",
    )
    .addOption(files().makeOptionMandatory())
    .addOption(output("yaml", "json"))
    .option("--config <file>", "an EnvoyGateway config file; of it, what decides how objects are understood")
    .option("--no-validate", "accept objects that the schemas refuse, as an API server does with objects it stored before")
    .addHelpText(
      "after",
      `
Problems go to standard error as file:line. Exit status 1 when nothing could be read or an object was refused; what is
wrong inside an accepted object is told by its status.

Examples:
  envoy-gateway translate -f manifests/examples/quickstart
  envoy-gateway translate -f gateway.yaml -f routes/ -o json
  kubectl get gatewayclass,gateway,httproute -A -o yaml | envoy-gateway translate -f -`,
    )
    .action(async (options) => (await import("./translate.ts")).translateCommand(options));
  root
    .command("validate")
    .description(
      "Check objects against their schemas. Exit status 1 and one line for each error, 0 and a count when all is fine.",
    )
    .addOption(files().makeOptionMandatory())
    .addHelpText(
      "after",
      '\nErrors read "file:line: Kind namespace/name: field: message".\n\nExamples:\n  envoy-gateway validate -f manifests/examples/https\n  cat route.yaml | envoy-gateway validate -f -',
    )
    .action(async (options) => (await import("./validate.ts")).validateCommand(options));
  root
    .command("status")
    .description("Show the conditions of objects: of a running standalone instance, or of a cluster.")
    .argument("[what]", "KIND or KIND/NAME; kinds in any case, singular or plural")
    .addOption(new Option("-n, --namespace <name>", "only this namespace").conflicts("allNamespaces"))
    .option("-A, --all-namespaces", "all namespaces (what is shown without -n)")
    .addOption(output("table", "yaml", "json"))
    .option("--state-dir <dir>", "the instance's state directory, when it was started with one")
    .option("--admin <url>", "the instance's admin server, instead of finding it by the state directory")
    .addOption(new Option("--kubeconfig <file>", "of a cluster; KUBECONFIG names one too").conflicts(["stateDir", "admin"]))
    .addOption(new Option("--context <name>", "a context of the kubeconfig").conflicts(["stateDir", "admin"]))
    .addHelpText(
      "after",
      "\nExamples:\n  envoy-gateway status\n  envoy-gateway status httproute/backend -n default\n  envoy-gateway status gateways -o yaml\n  envoy-gateway status --kubeconfig ~/.kube/config",
    )
    .action(async (what, options) => (await import("./status.ts")).statusCommand(what, options));
}

try {
  await program().exitOverride().parseAsync();
} catch (error) {
  // Help and wrong flags are told by commander itself; anything else is one line, not a stack: users did nothing to our code.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`envoy-gateway: ${told(error)}\n`);
    process.exitCode = 1;
  }
}

/** An error and its causes in one line. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${told(error.cause)}`;
}
