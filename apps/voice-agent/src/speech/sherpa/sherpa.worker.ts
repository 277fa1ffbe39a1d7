import { createRequire } from 'node:module';
import { answerRequests } from '../worker-thread.ts';
import type { SherpaRequest } from './requests.ts';
import { SherpaEngine, type SherpaPackage } from './sherpa-engine.ts';

// Optional, and with native code: nobody who does not choose it has it.
const engine = new SherpaEngine(createRequire(import.meta.url)('sherpa-onnx-node') as SherpaPackage);

answerRequests<SherpaRequest>((request, { isCancelled, piece }) =>
  engine.handle(request, isCancelled, piece),
);
