/** What a contact says that asks nothing of the knowledge; `filler` says nothing by itself. */
export type SmallTalkKind =
  | 'greeting'
  | 'wellbeing'
  | 'thanks'
  | 'goodbye'
  | 'acknowledgement'
  | 'identity'
  | 'abilities'
  | 'filler';
