import type { PhraseSet } from '../phrase.ts';

export const en = {
  /** Who speaks where no agent has a name. */
  assistant: 'Assistant',
  unknown: 'I do not know the answer to that. Would you like me to ask a person to join?',
  unavailable: 'I cannot answer right now. Would you like me to ask a person to join?',
  handoff: 'I am asking a person to join this conversation. They will answer you here.',
  /** After an offer of a person that was declined. */
  offerDeclined: 'All right. Is there anything else I can help you with?',
  failed: 'Something went wrong on my side. I am asking a person to join this conversation.',
  noResponder: 'I cannot answer right now. I am asking a person to join this conversation.',
  /** Stands below an answer whose end is missing. */
  truncated: 'This answer was cut off because it became too long. Ask me to go on, or ask for a part of it.',
  greeting: 'Hello! How can I help you?',
  wellbeing: 'I am doing well, thank you. How can I help you?',
  thanks: 'You are welcome! Is there anything else I can help you with?',
  goodbye: 'Goodbye! Come back whenever you have a question.',
  goAhead: 'Go ahead: what would you like to know?',
  acknowledgement: 'Good. Is there anything else I can help you with?',
  identity:
    'I am {name}, a digital assistant. Ask me a question; when I do not know the answer, I can ask a person to join.',
  abilities: 'I answer your questions. When I do not know the answer, I can ask a person to join.',
  /** `topics` is a list of titles. */
  abilitiesWithTopics:
    'I answer your questions, for example about: {topics}. When I do not know the answer, I can ask a person to join.',
  /** `questions` is a list of questions. */
  abilitiesWithQuestions:
    'I answer your questions, for example: {questions} When I do not know the answer, I can ask a person to join.',
} as const satisfies PhraseSet;
