import {
  type InstallationDemo,
  readDemo,
  type RunningInstallation,
  startInstallation,
} from '@parley/testing';

/** What anybody knows of an installation: its demo.json. */
export type Demo = InstallationDemo;

/** A running installation. */
export type Stack = RunningInstallation;

/** Uses the installation of a folder, or starts one of its own as `npm run up` does. */
export async function openStack(home: string | undefined): Promise<Stack> {
  if (home) return { demo: readDemo(home), home, stop: () => Promise.resolve() };
  // What is proved is delivery: no message of the test is refused for its rate.
  const limits = ['KEY', 'SPACE', 'VISITOR'].map((name) => [`RATE_LIMIT_${name}`, '6000000']);
  return startInstallation(Object.fromEntries(limits));
}
