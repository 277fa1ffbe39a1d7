import { answerRequests } from '../worker-thread.ts';
import { PhraseDecoder } from './phrase-decoder.ts';
import type { RecognizerRequest } from './requests.ts';

const decoder = await PhraseDecoder.load();

answerRequests<RecognizerRequest>((request) => {
  switch (request.kind) {
    case 'recognize':
      return decoder.recognize(request);
    case 'unknown':
      return request.words.filter((word) => !decoder.knows(word));
    case 'learn':
      return decoder.learn(request.pronunciations);
  }
});
