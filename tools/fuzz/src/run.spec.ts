import { configOf } from './run.ts';

test('the ids of what is there are path parameters; DELETE has others', () => {
  const config = configOf({
    kept: { spaceId: 'space_one', agentId: 'agent_one' },
    doomed: { spaceId: 'space_one', agentId: 'agent_two' },
  });
  expect(config.split('\n')).toEqual([
    'headers = { Authorization = "Bearer ${PARLEY_FUZZ_KEY}" }',
    '[parameters]',
    '"path.spaceId" = "space_one"',
    '"path.agentId" = "agent_one"',
    '[[operations]]',
    'include-method = "DELETE"',
    'parameters = { "path.spaceId" = "space_one", "path.agentId" = "agent_two" }',
    '',
  ]);
});
