import { agentStep } from './agent/agent.step.ts';
import { endStep } from './end/end.step.ts';
import { handoffStep } from './handoff/handoff.step.ts';
import { listenStep } from './listen/listen.step.ts';
import { matchStep } from './match/match.step.ts';
import { registerSteps } from './registry.ts';
import { sayStep } from './say/say.step.ts';

export { stepType, stepTypes } from './registry.ts';

/** Every type of step a flow can hold, one line each. */
registerSteps([agentStep, endStep, handoffStep, listenStep, matchStep, sayStep]);
