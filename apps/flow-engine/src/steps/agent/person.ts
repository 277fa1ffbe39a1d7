const REQUEST =
  /\b(?:talk|speak|chat|connect|transfer|put|pass|get|give|want|need|like|prefer|rather|can|could|ask|call)\b.{0,60}\b(?:person|human|someone|somebody|people|representative|operator|live agent|real agent|support agent|staff|colleague)\b/i;
const BARE =
  /^(?:an? |the )?(?:real |live |actual )?(?:person|human|human being|representative|operator|agent|live agent)(?: please)?[.!]*$/i;
const CONSENT =
  /^(?:yes|yeah|yep|sure|ok|okay|please|please do|yes please|do that|do it|go ahead|that would be (?:good|great|nice)|why not)\b[\s,.!]*(?:please|do|that|it|thanks|thank you)?[\s.!]*$/i;

/** Whether a message asks for a person instead of an answer. */
export function asksForPerson(text: string): boolean {
  const said = text.trim();
  return BARE.test(said) || (said.length <= 160 && REQUEST.test(said));
}

/** Whether a message accepts the person that was just offered; a long message is no plain yes. */
export function acceptsOffer(text: string): boolean {
  const said = text.trim();
  return said.length <= 160 && CONSENT.test(said);
}
