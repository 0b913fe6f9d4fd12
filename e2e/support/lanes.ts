// Many things to do at an API server, twenty at a time.

export async function inLanes(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const queue = names.values();
  const lane = async (): Promise<void> => {
    for (const name of queue) await act(name);
  };
  await Promise.all(Array.from({ length: 20 }, lane));
}
