import { setUpStreams } from './boot/setup-streams.ts';

await setUpStreams();
