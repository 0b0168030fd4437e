/** Fields of git's `-z` output; the terminator after the last one makes no field. */
export const nulFields = (text: string): string[] => {
  const fields = text.split('\0');
  if (fields.at(-1) === '') fields.pop();
  return fields;
};
