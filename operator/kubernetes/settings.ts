// What the reconcilers of a cluster are told of its settings, and how edits of the config file come to be settings.

import type { Change } from "../../store/db.ts";
import { type Edits, fixedDifferences } from "../config-edits.ts";
import { operatorConfig, type OperatorOptions } from "../config.ts";
import { type Logs, setLogOptions } from "../telemetry.ts";

/** The object Config: of the settings as they are now, and of whom proxies should trust. */
export interface Settings {
  set(options: OperatorOptions): void;
  trust(caBundle: string): void;
}

export function createSettings(first: OperatorOptions, push: (change: Change) => void): Settings {
  let options = first;
  let caBundle: string | undefined;
  const tell = (): void => {
    if (caBundle !== undefined) push({ type: "applied", kind: "Config", object: operatorConfig(options, caBundle) });
  };
  return {
    set(edited) {
      options = edited;
      tell();
    },
    trust(bundle) {
      caBundle = bundle;
      tell();
    },
  };
}

export interface Heeding {
  /** As the process began. */
  readonly options: OperatorOptions;
  readonly logs: Logs;
  readonly signal: AbortSignal;
  readonly settings: Settings;
  /** Begins anew with these. */
  readonly again: (options: OperatorOptions) => void;
}

/** Takes up edits of the config file: at once what can be, and the rest by beginning anew. */
export async function heed(edits: Edits<OperatorOptions>, { options, logs, signal, settings, again }: Heeding): Promise<void> {
  for await (const edit of edits.follow(signal)) {
    if ("problem" in edit) {
      logs.provider.error(`the config file cannot be used, the settings stay as they were: ${edit.problem}`);
      continue;
    }
    const fixed = fixedDifferences(options, edit.options);
    logs.provider.info(
      `the config file has changed${fixed.length === 0 ? "" : `; beginning anew because of ${fixed.join(", ")}`}`,
    );
    if (fixed.length > 0) return again(edit.options);
    setLogOptions(logs, edit.options);
    settings.set(edit.options);
  }
}
