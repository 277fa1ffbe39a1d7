import { defineCallJob } from './call-job.ts';
import { kitSpeech } from './kit-speech.ts';

/** What a job process runs: one call. */
export default defineCallJob(kitSpeech());
