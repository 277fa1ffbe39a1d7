/** PCM at another rate, by windowed sinc. */
export function resamplePcm(pcm: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return pcm;
  const cutoff = Math.min(1, to / from) * 0.95;
  const span = 16 / cutoff;
  return Int16Array.from({ length: Math.floor((pcm.length * to) / from) }, (_, index) => {
    const center = (index * from) / to;
    const last = Math.min(pcm.length - 1, Math.floor(center + span));
    let sum = 0;
    for (let at = Math.max(0, Math.ceil(center - span)); at <= last; at += 1) {
      const angle = Math.PI * (at - center) * cutoff;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (at - center)) / span);
      sum += (pcm[at] ?? 0) * window * cutoff * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle);
    }
    return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  });
}
