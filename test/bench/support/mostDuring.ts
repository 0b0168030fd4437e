const LOOK_EVERY_MS = 25;

/** The most that `look` saw while the work was done, looking again and again. */
export async function mostDuring(look: () => number, work: () => Promise<unknown>): Promise<number> {
  let most = look();
  const timer = setInterval(() => {
    most = Math.max(most, look());
  }, LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}
