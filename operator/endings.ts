// What must be undone when the process ends, last begun first.

type Ending = () => Promise<void> | void;

export interface Endings {
  add(ending: Ending): void;
  /** Runs all, also when some fail; rejects with the first failure. */
  run(): Promise<void>;
}

export function createEndings(): Endings {
  const endings: Ending[] = [];
  return {
    add: (ending) => void endings.push(ending),
    async run() {
      const failures: unknown[] = [];
      for (let ending = endings.pop(); ending; ending = endings.pop()) {
        try {
          await ending();
        } catch (cause) {
          failures.push(cause);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
