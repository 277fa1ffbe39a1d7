/** A call's target as the flow engine is asked for it: a flow, an agent, or the default of the space. */
export function targetOf(
  target: { agentId?: string | null; flowId?: string | null } | null,
): { agentId: string } | { flowId: string } | null {
  if (target?.flowId) return { flowId: target.flowId };
  return target?.agentId ? { agentId: target.agentId } : null;
}
