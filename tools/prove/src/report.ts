import type { Findings } from './history-checker.ts';

const SHOWN = 10;

/** Prints what a checker found: counts, then each kind of fault with its first cases. */
export function tell(findings: Findings, print: (line: string) => void = console.log): void {
  const { accepted, stored, answers, deliveries, seen, conversations, faults } = findings;
  print(`  accepted posts        ${accepted}`);
  print(`  stored posts          ${stored} in ${conversations} conversations`);
  print(`  answers               ${answers}`);
  if (deliveries > 0) print(`  deliveries            ${deliveries}`);
  if (seen > 0) print(`  seen on sockets       ${seen}`);
  print(`  faults                ${faults.length}`);
  for (const kind of new Set(faults.map((fault) => fault.kind))) {
    const same = faults.filter((fault) => fault.kind === kind);
    print(`    ${kind}: ${same.length}`);
    for (const { about } of same.slice(0, SHOWN)) print(`      ${about}`);
  }
}

/** The value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
