/** `▲ 24 %`, `▼ 8 %`, `= same`; without a figure before, in words. */
export function changeText(compared: number, before: number): string {
  if (compared === before) return '= same';
  if (before === 0) return '▲ from nothing';
  const percent = Math.round(((compared - before) / before) * 100);
  if (percent === 0) return '= about the same';
  return `${percent > 0 ? '▲' : '▼'} ${Math.abs(percent)} %`;
}
