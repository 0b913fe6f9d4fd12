import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningProxy } from "../infrastructure.ts";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import { freePorts } from "../testing/free-ports.ts";
import { envoyPath } from "./envoy-binary.ts";
import { createHostInfrastructure } from "./infrastructure.ts";

const timeoutMs = 30_000;

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "host-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An Envoy that answers with a text, by itself. */
function deployment(port: number, body: string): OwnedObject {
  const address = (value: number) => ({ socket_address: { address: "127.0.0.1", port_value: value } });
  const hcm = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "test",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: body } } }],
        },
      ],
    },
    http_filters: [
      { name: "router", typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } },
    ],
  };
  const listener = { name: "tcp", address: address(port), filter_chains: [{ filters: [{ name: "hcm", typed_config: hcm }] }] };
  const config = { admin: { address: address(0) }, static_resources: { listeners: [listener] } };
  const args = [
    "--service-cluster",
    "default/gw",
    "--config-yaml",
    JSON.stringify(config),
    "--log-level",
    "error",
    "--concurrency",
    "1",
  ];
  const spec = { template: { spec: { containers: [{ name: "envoy", args }] } } };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "gw" }, spec };
}

async function until<Value>(read: () => Promise<Value> | Value, good: (value: Value) => boolean): Promise<Value> {
  const end = performance.now() + 15_000;
  for (;;) {
    const value = await read();
    if (good(value)) return value;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const ask = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`).then(
    (response) => response.text(),
    () => "nothing",
  );
/** Whether anything of a process group runs; what is dead and not yet reaped does not count. */
const runs = (group: number): boolean =>
  execFileSync("ps", ["-A", "-o", "pgid=,stat="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(([pgid, stat]) => Number(pgid) === group && !stat?.startsWith("Z"));

test(
  "the life of a proxy: started, hot-restarted without a lost request, back after kill -9, gone when not wanted",
  async () => {
    const states: RunningProxy[] = [];
    const infrastructure = createHostInfrastructure({
      binary: envoyPath,
      runtimeFolder: folder,
      onState: (_, state) => states.push(state),
      onGone: () => {},
      onOutput: () => {},
    });
    const [port = 0] = await freePorts(1);
    await infrastructure.apply("default/gw", [deployment(port, "one")]);
    await until(
      () => ask(port),
      (answer) => answer === "one",
    );

    const answers: string[] = [];
    let asking = true;
    const load = (async () => {
      while (asking) answers.push(await ask(port));
    })();
    await infrastructure.apply("default/gw", [deployment(port, "two")]);
    await until(
      () => answers.at(-1) ?? "",
      (answer) => answer === "two",
    );
    asking = false;
    await load;
    expect(new Set(answers)).toEqual(new Set(["one", "two"]));

    const guard = states.at(-1)!.pid!;
    process.kill(-guard, "SIGKILL");
    const back = await until(
      () => states.at(-1)!,
      ({ pid }) => pid !== undefined && pid !== guard,
    );
    await until(
      () => ask(port),
      (answer) => answer === "two",
    );
    expect(states.some(({ trouble }) => trouble?.startsWith("Envoy guard ended by SIGKILL"))).toBe(true);

    await infrastructure.apply("default/gw", []);
    expect(await ask(port)).toBe("nothing");
    expect(runs(back.pid!)).toBe(false);
    await infrastructure.close();
  },
  timeoutMs,
);

test(
  "a new command line that Envoy refuses leaves the old one running",
  async () => {
    const states: RunningProxy[] = [];
    const onState = (_: string, state: RunningProxy) => void states.push(state);
    const infrastructure = createHostInfrastructure({
      binary: envoyPath,
      runtimeFolder: folder,
      onState,
      onGone: () => {},
      onOutput: () => {},
    });
    const [port = 0] = await freePorts(1);
    await infrastructure.apply("default/gw", [deployment(port, "one")]);
    await until(
      () => ask(port),
      (answer) => answer === "one",
    );
    await infrastructure.apply("default/gw", [deployment(99_999, "two")]);
    const { trouble } = await until(
      () => states.at(-1)!,
      (state) => state.trouble !== undefined,
    );
    expect(trouble).toMatch(/^the new settings are refused: .*PortValue/);
    expect(await ask(port)).toBe("one");
    await infrastructure.close();
    expect(await ask(port)).toBe("nothing");
  },
  timeoutMs,
);

test(
  "when we are killed with -9, what we guard ends too",
  async () => {
    const script = join(folder, "parent.ts");
    const guard = new URL("./guard.ts", import.meta.url).href;
    await writeFile(
      script,
      `import { startGuarded } from ${JSON.stringify(guard)};\nstartGuarded("/bin/sh", ["-c", "echo started; exec sleep 1000"]).stdout.on("data", () => {});\nconst p = startGuarded("sleep", ["1000"]);\nconsole.log(p.pid);\nsetInterval(() => {}, 1000);\n`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
    const group = Number(String(chunk));
    expect(runs(group)).toBe(true);
    parent.kill("SIGKILL");
    expect(
      await until(
        () => runs(group),
        (alive) => !alive,
      ),
    ).toBe(false);
  },
  timeoutMs,
);
