/** A call is not taken: the carrier tells the caller that the number is not in service. */
export const rejectTwiml = document('<Reject/>');

/** A call ends. */
export const hangUpTwiml = document('<Hangup/>');

/** Nothing is to be done. */
export const emptyTwiml = document('');

/** A call whose sound goes to and fro over a media stream; when that ends, nothing follows and the carrier hangs up. */
export function connectTwiml({ url, token }: { url: string; token: string }): string {
  const parameter = `<Parameter name="token" value="${escape(token)}"/>`;
  return document(`<Connect><Stream url="${escape(url)}">${parameter}</Stream></Connect>`);
}

function document(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${content}</Response>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
