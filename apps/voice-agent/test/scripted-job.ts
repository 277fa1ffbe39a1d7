import { defineCallJob } from '../src/worker/call-job.ts';
import { scriptedSpeech } from './scripted-speech.ts';

/** A call's job with scripted ears and voice. */
export default defineCallJob(scriptedSpeech);
