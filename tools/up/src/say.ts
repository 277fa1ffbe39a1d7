/** Prints a step with the time it took. */
export async function step<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  try {
    const result = await work();
    console.log(`  ${what.padEnd(44)} ${((performance.now() - began) / 1000).toFixed(2)} s`);
    return result;
  } catch (error) {
    console.log(`  ${what.padEnd(44)} failed`);
    throw error;
  }
}
