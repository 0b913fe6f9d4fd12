// Time as a parameter: what runs later takes a clock, so that tests decide what time it is.

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Runs `task` once after `ms`; the returned function takes it back. */
  after(ms: number, task: () => void): () => void;
}

/** A clock that also knows the calendar, which may jump. */
export interface WallClock extends Clock {
  today(): Date;
}

export const systemClock: WallClock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
  today: () => new Date(),
};

export interface Alarm {
  /** Rings at this moment (epoch milliseconds) and at no other set before; undefined = not at all. A moment that has passed rings at once. */
  set(moment: number | undefined): void;
}

/** A sleeping machine and a corrected calendar move the moment, so it is looked at again this often. */
const lookAgainMs = 3_600_000;

/** One moment of the calendar at which `ring` is called. */
export function createAlarm(clock: WallClock, ring: () => void): Alarm {
  let wanted: number | undefined;
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel();
    cancel = () => undefined;
    if (wanted === undefined) return;
    const wait = Math.max(0, wanted - clock.today().getTime());
    cancel = clock.after(Math.min(wait, lookAgainMs), () => {
      if (wanted === undefined || clock.today().getTime() < wanted) return arm();
      wanted = undefined;
      ring();
    });
  };
  return {
    set(moment) {
      if (moment === wanted) return;
      wanted = moment;
      arm();
    },
  };
}
