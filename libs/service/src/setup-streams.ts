import { setUpStreams, trimStreams } from './boot/setup-streams.ts';

// `--trim` keeps streams from filling up until it is ended, `--trim=once` looks at each once.
const trim = process.argv.find((argument) => /^--trim(?:=once)?$/.test(argument));
await (trim === undefined ? setUpStreams() : trimStreams({ once: trim.endsWith('=once') }));
